//! Who issued the certificate that was not trusted.
//!
//! Asked on a second connection that ends in its handshake: nothing is sent over it, whoever stands at the other end.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use crate::certificate;

/// Takes down the issuer and refuses every certificate.
#[derive(Debug)]
pub(super) struct Look {
    provider: Arc<CryptoProvider>,
    issuer: Mutex<Option<String>>,
}

impl Look {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            issuer: Mutex::new(None),
        })
    }

    /// A configuration under which no handshake succeeds.
    pub(super) fn config(self: &Arc<Self>) -> ClientConfig {
        let mut config = ClientConfig::builder()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        config
            .dangerous()
            .set_certificate_verifier(Arc::clone(self) as _);
        config
    }

    /// What the last handshake showed. Questions side by side may share an answer: it is the same server.
    pub(super) fn issuer(&self) -> Option<String> {
        self.issuer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn refuse<T>() -> Result<T, Error> {
        Err(Error::General("only looking".to_owned()))
    }
}

impl ServerCertVerifier for Look {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let issuer = certificate::issuer(end_entity);
        *self.issuer.lock().unwrap_or_else(PoisonError::into_inner) = issuer;
        Self::refuse()
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::refuse()
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::refuse()
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
