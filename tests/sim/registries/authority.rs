//! The certificate authorities: the one the clients are told to trust, and the interceptor's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::fault::{GATEWAY, INTERCEPTOR};

/// What a host shows when a client comes by TLS.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Certificate {
    Honest,
    /// For the right name, signed by the interceptor.
    Intercepted,
    WrongName,
    Expired,
    /// With a hundred certificates that lead nowhere.
    LongChain,
}

/// Which protocols a host offers.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Offer {
    Http2,
    Http1Only,
}

type Configs = HashMap<(String, Certificate, Offer), Arc<ServerConfig>>;

pub(super) struct Authority {
    trusted: CertifiedIssuer<'static, KeyPair>,
    interceptor: CertifiedIssuer<'static, KeyPair>,
    configs: Mutex<Configs>,
}

impl Authority {
    pub(super) fn new() -> Self {
        Self {
            trusted: authority("Test Internet CA", "Test Internet"),
            interceptor: authority(INTERCEPTOR, "Acme Corp"),
            configs: Mutex::default(),
        }
    }

    pub(super) fn trusted_pem(&self) -> String {
        self.trusted.pem()
    }

    pub(super) fn interceptor_pem(&self) -> String {
        self.interceptor.pem()
    }

    /// The TLS settings of a host, issued at first use: resumption works as long as the host lives.
    pub(super) fn config(&self, host: &str, shown: Certificate, offer: Offer) -> Arc<ServerConfig> {
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (host.to_owned(), shown, offer);
        let config = configs
            .entry(key)
            .or_insert_with(|| Arc::new(self.issue(host, shown, offer)));
        Arc::clone(config)
    }

    fn issue(&self, host: &str, shown: Certificate, offer: Offer) -> ServerConfig {
        let name = match shown {
            Certificate::WrongName => GATEWAY,
            _ => host.rsplit_once(':').map_or(host, |(name, _port)| name),
        };
        let mut params = CertificateParams::new([name.to_owned()]).expect("a host is a name");
        params.distinguished_name.push(DnType::CommonName, name);
        if shown == Certificate::Expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        let issuer = match shown {
            Certificate::Intercepted => &self.interceptor,
            _ => &self.trusted,
        };
        let key = KeyPair::generate().expect("ring makes keys");
        let leaf = params.signed_by(&key, issuer).expect("the authority signs");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("the key is PKCS #8");
        let issuers = match shown {
            Certificate::LongChain => 100,
            _ => 1,
        };
        let issuer = match shown {
            Certificate::LongChain => &self.interceptor,
            _ => issuer,
        };
        let issuer = CertificateDer::from(issuer.der().to_vec());
        let mut chain = vec![leaf.der().clone()];
        chain.extend(std::iter::repeat_n(issuer, issuers));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("the key fits the certificate");
        config.alpn_protocols = match offer {
            Offer::Http2 => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Offer::Http1Only => vec![b"http/1.1".to_vec()],
        };
        config
    }
}

fn authority(name: &str, organisation: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, name);
    params
        .distinguished_name
        .push(DnType::OrganizationName, organisation);
    let key = KeyPair::generate().expect("ring makes keys");
    CertifiedIssuer::self_signed(params, key).expect("the authority signs itself")
}
