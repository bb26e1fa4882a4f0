//! How the faults that let a host answer change what it says.

use hyper::header::{CONTENT_ENCODING, HeaderValue, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use super::fault::Fault;
use super::page::{Ending, Page};
use super::wire::End;

/// Applies one fault; a fault that finds nothing of its kind in the answer leaves it as it is.
pub(super) fn alter(mut page: Page, fault: &Fault) -> Page {
    match fault {
        Fault::Truncated => page.ending = Ending::Half(End::Close),
        Fault::ResetMidBody => page.ending = Ending::Half(End::Reset),
        Fault::NoChallenge => {
            page.headers.remove(WWW_AUTHENTICATE);
        }
        Fault::Realm(realm) => change_challenge(&mut page, realm),
        Fault::TwoChallenges => add_basic_before(&mut page),
        Fault::TokenAccess | Fault::TokenBlank | Fault::TokenHuge | Fault::TokenGzip
            if page.status == 200 =>
        {
            page = token_form(page, fault);
        }
        _ => (),
    }
    page
}

/// Puts another realm into the Bearer challenge, if the answer has one.
fn change_challenge(page: &mut Page, realm: &str) {
    let Some(challenge) = page.headers.get(WWW_AUTHENTICATE) else {
        return;
    };
    let challenge = challenge.to_str().unwrap_or_default().to_owned();
    let Some((_, rest)) = challenge.split_once("\",") else {
        return;
    };
    page.set(
        WWW_AUTHENTICATE,
        &format!(r#"Bearer realm="{realm}",{rest}"#),
    );
}

fn add_basic_before(page: &mut Page) {
    if let Some(bearer) = page.headers.remove(WWW_AUTHENTICATE) {
        let basic = HeaderValue::from_static(r#"Basic realm="registry""#);
        page.headers.append(WWW_AUTHENTICATE, basic);
        page.headers.append(WWW_AUTHENTICATE, bearer);
    }
}

/// A good token in a form that some clients do not read.
fn token_form(page: Page, fault: &Fault) -> Page {
    let body: Value = serde_json::from_slice(&page.body).unwrap_or_default();
    let token = &body["token"];
    match fault {
        Fault::TokenAccess => Page::json(200, &json!({ "access_token": token })),
        Fault::TokenBlank => Page::new(
            200,
            "application/json",
            format!("{{ \"token\" : {token} }}\n"),
        ),
        Fault::TokenHuge => {
            let padding = "x".repeat(64 * 1024);
            Page::json(200, &json!({ "token": token, "padding": padding }))
        }
        _ => {
            let packed = gzip(&page.body);
            Page {
                body: packed.into(),
                ..page.with(CONTENT_ENCODING, "gzip")
            }
        }
    }
}

/// One stored block (RFC 1951, 3.2.4) in a gzip frame (RFC 1952).
fn gzip(plain: &[u8]) -> Vec<u8> {
    let length = u16::try_from(plain.len()).expect("a token fits one block");
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(plain);
    packed.extend(crc32(plain).to_le_bytes());
    packed.extend(u32::from(length).to_le_bytes());
    packed
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 {
                (sum >> 1) ^ 0xedb8_8320
            } else {
                sum >> 1
            }
        })
    })
}
