//! The cluster's certificate authority: the server's certificate and those of users.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rcgen::{KeyUsagePurpose, SanType};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Which protocols the server offers in its TLS handshake, as a real one does.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// User by client certificate.
    users: Mutex<HashMap<CertificateDer<'static>, String>>,
}

/// A certificate and its key, as PEM.
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "kubernetes");
        let issuer = CertifiedIssuer::self_signed(params, new_key()).expect("it signs itself");
        Self {
            issuer,
            users: Mutex::default(),
        }
    }

    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// TLS for `127.0.0.1` and `localhost` that also takes client certificates of this authority.
    pub(crate) fn server(&self) -> ServerConfig {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("it is a name");
        let loopback = SanType::IpAddress([127, 0, 0, 1].into());
        params.subject_alt_names.push(loopback);
        let key = new_key();
        let certificate = params
            .signed_by(&key, &self.issuer)
            .expect("the authority signs");
        let mut roots = RootCertStore::empty();
        roots
            .add(self.issuer.der().clone())
            .expect("the authority is a certificate");
        let provider = Arc::new(ring::default_provider());
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .allow_unauthenticated()
                .build()
                .expect("there is a root");
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![certificate.der().clone()], der(&key))
            .expect("the key fits the certificate");
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        config
    }

    /// A client certificate with which connections count as `user`.
    pub(crate) fn user(&self, user: &str) -> Identity {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, user);
        let key = new_key();
        let certificate = params
            .signed_by(&key, &self.issuer)
            .expect("the authority signs");
        let mut users = self.users.lock().expect("no holder panics");
        users.insert(certificate.der().clone(), user.to_owned());
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// Whose certificate this is; `None` for a connection without one.
    pub(crate) fn name(&self, certificates: Option<&[CertificateDer<'_>]>) -> Option<String> {
        let leaf = certificates?.first()?;
        let users = self.users.lock().expect("no holder panics");
        users.get(leaf).cloned()
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("ring makes keys")
}

fn der(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::try_from(key.serialize_der()).expect("the key is PKCS #8")
}
