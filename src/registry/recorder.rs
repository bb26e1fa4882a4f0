//! Who issued the certificate that a host shows, be it trusted or not: checked as requests check it, and looked at.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::transport::Transport;
use crate::certificate;

/// Checks certificates as they are checked elsewhere, and takes down who issued them.
#[derive(Debug)]
pub(super) struct Recorder {
    trusted: Arc<Verifier>,
    issuer: Mutex<Option<String>>,
}

impl Recorder {
    pub(super) fn config(self: &Arc<Self>) -> ClientConfig {
        let mut config = ClientConfig::builder()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        config
            .dangerous()
            .set_certificate_verifier(Arc::clone(self) as _);
        // As requests say it: a filter may look at this, too.
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }

    /// `None` before a certificate was shown, or where it names nobody.
    pub(super) fn issuer(&self) -> Option<String> {
        self.issuer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let issuer = certificate::issuer(end_entity);
        *self.issuer.lock().unwrap_or_else(PoisonError::into_inner) = issuer;
        self.trusted
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.trusted
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.trusted
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trusted.supported_verify_schemes()
    }
}

impl Transport {
    /// A recorder for one host.
    pub(super) fn recorder(&self) -> Result<Arc<Recorder>, rustls::Error> {
        Ok(Arc::new(Recorder {
            trusted: self.trusted()?,
            issuer: Mutex::default(),
        }))
    }

    /// The verifier that the client uses, too. Made at its first use: it reads every root of this machine.
    fn trusted(&self) -> Result<Arc<Verifier>, rustls::Error> {
        if let Some(verifier) = self.verifier.get() {
            return Ok(Arc::clone(verifier));
        }
        let provider = Arc::new(ring::default_provider());
        let roots = self.roots.iter().cloned();
        let verifier = Arc::new(Verifier::new_with_extra_roots(roots, provider)?);
        Ok(Arc::clone(self.verifier.get_or_init(|| verifier)))
    }
}
