//! The one thing read from an X.509 certificate: who issued it.
//!
//! An interception shows in the issuer's name. The certificate comes from whoever answered, so every length in it is
//! checked, and what does not parse has no issuer.

use crate::text;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const BMP_STRING: u8 = 0x1e;

/// `CN=Inspection CA, O=Corp`; of the issuer's attributes only these two. `None` when there is neither.
///
/// RFC 5280, 4.1: `tbsCertificate` is version, serial number, signature algorithm, issuer, …
pub(crate) fn issuer(der: &[u8]) -> Option<String> {
    let (_, certificate, _) = element(der)?;
    let (_, tbs, _) = element(certificate)?;
    let (tag, _, after) = element(tbs)?;
    // The version is left out of version 1 certificates.
    let serial = if tag == VERSION { after } else { tbs };
    let (_, _, algorithm) = element(serial)?;
    let (_, _, rest) = element(algorithm)?;
    let (SEQUENCE, mut name, _) = element(rest)? else {
        return None;
    };
    let (mut common_name, mut organization) = (None, None);
    while let Some((_, attributes, rest)) = element(name) {
        let (_, attribute, _) = element(attributes)?;
        let (_, kind, value) = element(attribute)?;
        let (tag, value, _) = element(value)?;
        match kind {
            [0x55, 4, 3] => common_name = Some(format!("CN={}", string(tag, value))),
            [0x55, 4, 10] => organization = Some(format!("O={}", string(tag, value))),
            _ => {}
        }
        name = rest;
    }
    let parts: Vec<String> = common_name.into_iter().chain(organization).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Tag, content, and what follows. `None` when the input is too short for what it says.
fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = input.split_first_chunk()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let length = digits.iter().try_fold(0_usize, |length, digit| {
            Some(length.checked_mul(256)? + usize::from(*digit))
        })?;
        (length, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn string(tag: u8, bytes: &[u8]) -> String {
    let text = if tag == BMP_STRING {
        let units = bytes
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    } else {
        String::from_utf8_lossy(bytes).into_owned()
    };
    text::printable(&text, text::QUOTED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::*;

    /// A certificate for `server`, issued by an authority with these names.
    fn issued_by(names: &[(DnType, &str)]) -> Vec<u8> {
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, name) in names {
            ca.distinguished_name.push(kind.clone(), *name);
        }
        let issuer = Issuer::new(ca, KeyPair::generate().unwrap());
        let server = CertificateParams::new(["server".to_owned()]).unwrap();
        server
            .signed_by(&KeyPair::generate().unwrap(), &issuer)
            .unwrap()
            .der()
            .to_vec()
    }

    #[test]
    fn the_issuer_is_named_by_common_name_and_organization() {
        use DnType::{CommonName, CountryName, OrganizationName};
        for (name, names, want) in [
            (
                "both, and a country",
                vec![
                    (CountryName, "DE"),
                    (OrganizationName, "Zscaler Inc."),
                    (CommonName, "Corp CA"),
                ],
                Some("CN=Corp CA, O=Zscaler Inc."),
            ),
            (
                "one",
                vec![(CommonName, "kubernetes")],
                Some("CN=kubernetes"),
            ),
            (
                "an escape sequence",
                vec![(CommonName, "\u{1b}[31mred")],
                Some("CN=[31mred"),
            ),
            ("no name", vec![], None),
        ] {
            assert_eq!(
                want.map(str::to_owned),
                issuer(&issued_by(&names)),
                "{name}"
            );
        }
    }

    #[test]
    fn a_certificate_cut_anywhere_has_no_issuer_and_does_not_panic() {
        let der = issued_by(&[(DnType::CommonName, "kubernetes")]);
        for end in 0..der.len() {
            assert_eq!(None, issuer(&der[..end]), "{end}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_without_panic(bytes in any::<Vec<u8>>()) {
            let _ = issuer(&bytes);
        }
    }
}
