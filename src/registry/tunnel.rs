//! CONNECT by hand: what a proxy answers, where libraries tell a 403 from nothing and drop its words.

use std::io;

use hyper_util::client::proxy::matcher::Intercept;
use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::answer::page_title;
use crate::text::printable;

/// The longest head that is read, in bytes.
const HEAD: usize = 8 * 1024;

/// How much of a refusal's page is read, in bytes.
const PAGE: usize = 512;

/// How much of a header is quoted, in characters.
const NAME_QUOTED: usize = 40;

/// What a proxy answered to CONNECT.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ProxyAnswer {
    pub(super) status: u16,
    /// What it adds, printable: `Forbidden, Zscaler/6.2, "Access denied"`. Empty where it adds nothing.
    pub(super) words: String,
}

/// Asks the proxy at the other end of `stream` for a tunnel to the host of `url`. After a 200 the stream is the
/// tunnel, and nothing of it has been read.
///
/// No byte of it holds anything but the host's name and the proxy's own login.
pub(super) async fn open_tunnel(
    stream: &mut TcpStream,
    url: &Url,
    proxy: &Intercept,
) -> io::Result<ProxyAnswer> {
    let port = url.port_or_known_default().unwrap_or(443);
    let host = url.host_str().unwrap_or_default();
    let mut question =
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some(login) = proxy.basic_auth() {
        question.extend_from_slice(b"Proxy-Authorization: ");
        question.extend_from_slice(login.as_bytes());
        question.extend_from_slice(b"\r\n");
    }
    question.extend_from_slice(b"\r\n");
    stream.write_all(&question).await?;

    let mut head = Vec::new();
    // Byte by byte, and only up to the end of the head: what follows a 200 is TLS's.
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    let status = status(&head).ok_or(io::ErrorKind::InvalidData)?;
    let mut page = Vec::new();
    if status != 200 {
        // A page that does not come is none.
        let _ = stream.take(PAGE as u64).read_to_end(&mut page).await;
    }
    Ok(ProxyAnswer {
        status,
        words: words(&head, &page),
    })
}

/// `HTTP/1.1 403 Forbidden` is 403.
fn status(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head.split(|b| *b == b'\r' || *b == b'\n').next()?).ok()?;
    let mut words = line.split(' ');
    let is_http = words.next()?.starts_with("HTTP/1.");
    let status = words.next()?.parse().ok()?;
    (is_http && (100..600).contains(&status)).then_some(status)
}

fn words(head: &[u8], page: &[u8]) -> String {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let reason = lines.next().and_then(|line| line.splitn(3, ' ').nth(2));
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    let all = |wanted: &'static str| {
        let found = headers
            .iter()
            .filter(move |(name, _)| name.trim().eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| printable(value, NAME_QUOTED))
    };
    let scheme = |value: String| value.split(' ').next().unwrap_or_default().to_owned();
    let schemes: Vec<String> = all("proxy-authenticate").map(scheme).collect();
    let title = page_title(&String::from_utf8_lossy(page));
    let parts = [
        reason.map(|reason| printable(reason, NAME_QUOTED)),
        (!schemes.is_empty()).then(|| format!("by {}", schemes.join(" or "))),
        all("server").next(),
        title.map(|title| format!("\"{title}\"")),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_line_is_read_or_not_believed() {
        for (line, want) in [
            (&b"HTTP/1.1 403 Forbidden\r\nServer: x\r\n"[..], Some(403)),
            (b"HTTP/1.0 200\n", Some(200)),
            (b"HTTP/2 200 OK\r\n", None),
            (b"HTTP/1.1 99 x\r\n", None),
            (b"HTTP/1.1\r\n", None),
            (b"SSH-2.0-OpenSSH\r\n", None),
            (b"\xff\xfe\r\n", None),
            (b"", None),
        ] {
            assert_eq!(want, status(line), "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn the_words_of_a_proxy_are_quoted_without_its_escapes() {
        for (head, page, want) in [
            (
                "HTTP/1.1 403 Forbidden\r\nServer: Zscaler/6.2\r\n\r\n",
                "<html><head><TITLE>Access\n denied</TITLE>",
                "Forbidden, Zscaler/6.2, \"Access denied\"",
            ),
            (
                "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM abc=\r\n\r\n",
                "",
                "Proxy Authentication Required, by Negotiate or NTLM",
            ),
            ("HTTP/1.1 502\r\n\r\n", "<html><title>never ends", ""),
            (
                "HTTP/1.0 403 \u{1b}[31mNo\r\nServer: \u{7}\r\n\r\n",
                "",
                "[31mNo",
            ),
        ] {
            assert_eq!(want, words(head.as_bytes(), page.as_bytes()), "{head}");
        }
    }
}
