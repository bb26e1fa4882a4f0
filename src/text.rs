//! Text from outside (annotations, logs, events, registry bodies, object names), made fit for a terminal.

use std::borrow::Cow;

/// The longest stretch of a foreign text that a message quotes, in characters.
pub(crate) const QUOTED: usize = 200;

/// One printable line: control characters, escapes and invisible direction marks become one blank, and what is
/// longer than `limit` characters ends in `…`.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    let mut line = String::new();
    for word in text
        .split(|c: char| c.is_whitespace() || is_unprintable(c))
        .filter(|word| !word.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// As [`printable`], but what is longer than `limit` loses its middle: the kubelet names the image first and the cause
/// last. Never longer than `limit`.
pub(crate) fn without_middle(text: &str, limit: usize) -> String {
    let line = printable(text, text.len());
    let length = line.chars().count();
    if length <= limit {
        return line;
    }
    let start = limit / 3;
    let end = limit.saturating_sub(start + 1);
    let (head, tail) = (line.chars().take(start), line.chars().skip(length - end));
    head.chain(['…']).chain(tail).collect()
}

/// Characters that move the cursor, colour, hide or reorder what stands around them.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A URL without what may be secret in it: the login and the query. Whatever stands before the last `@` is taken for the
/// login: a password may hold an `@`, and a `/`, `?` or `#`, that nobody encoded (chart contract, section 13).
pub(crate) fn without_secrets(url: &str) -> String {
    let (head, tail) = url
        .split_once("://")
        .map_or(("", url), |(scheme, rest)| (scheme, rest));
    let (login, rest) = tail
        .rsplit_once('@')
        .map_or(("", tail), |(_, rest)| ("***@", rest));
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let scheme = if head.is_empty() {
        String::new()
    } else {
        format!("{head}://")
    };
    printable(&format!("{scheme}{login}{rest}"), QUOTED)
}

/// A text, of JSON perhaps, whose URLs show neither logins nor queries.
pub(crate) fn without_logins(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut word = String::new();
    let mut is_escaped = false;
    for c in text.chars() {
        if !is_escaped && (c == '"' || c.is_whitespace()) {
            shown += &without_login(&word);
            word.clear();
            shown.push(c);
        } else {
            word.push(c);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    shown + &without_login(&word)
}

fn without_login(word: &str) -> Cow<'_, str> {
    if word.contains("://") {
        Cow::Owned(without_secrets(word))
    } else {
        Cow::Borrowed(word)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn foreign_text_becomes_one_printable_line() {
        for (name, text, want) in [
            ("plain", "could not resolve x", "could not resolve x"),
            ("colour", "\u{1b}[31mred\u{1b}[0m", "[31mred [0m"),
            ("several lines", "a\r\n\tb\n\nc", "a b c"),
            ("right to left", "abc\u{202e}txt", "abc txt"),
            ("bell, NUL and C1", "a\u{7}b\0c\u{9b}d", "a b c d"),
            ("nothing", "\n\n", ""),
        ] {
            assert_eq!(want, printable(text, 80), "{name}");
        }
        assert_eq!("äöü…", printable("äöüß", 3));
    }

    #[test]
    fn what_is_too_long_keeps_its_start_and_its_end() {
        for (text, limit, want) in [
            ("a\u{1b}b", 3, "a b"),
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "ab…efg"),
            ("äöüßäöü", 6, "äö…äöü"),
        ] {
            assert_eq!(want, without_middle(text, limit));
        }
        let cause = format!("Back-off pulling image {}: i/o timeout", "x".repeat(500));
        let line = without_middle(&cause, QUOTED);
        assert!(
            line.starts_with("Back-off") && line.ends_with(": i/o timeout"),
            "{line}"
        );
        assert_eq!(QUOTED, line.chars().count());
        assert_eq!(
            line,
            printable(&line, QUOTED),
            "quoting it again changes nothing"
        );
    }

    #[test]
    fn no_password_and_no_query_survives() {
        for (url, want) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("http://acme:p@ss@proxy:3128", "http://***@proxy:3128"),
            (
                "https://cdn.example/blob?X-Amz-Signature=secret",
                "https://cdn.example/blob",
            ),
            ("acme:secret@proxy:3128/a", "***@proxy:3128/a"),
            ("socks4://acme:pa/ss@proxy:1080", "socks4://***@proxy:1080"),
            ("http://acme:p?a#ss@proxy:3128", "http://***@proxy:3128"),
        ] {
            assert_eq!(want, without_secrets(url));
        }
    }

    #[test]
    fn a_text_keeps_everything_but_its_logins() {
        for (text, want) in [
            ("no URL: a@b?c", "no URL: a@b?c"),
            (
                r#"{"name":"HTTPS_PROXY","value":"http://acme:p\"a/s@proxy:3128"},"x@y""#,
                r#"{"name":"HTTPS_PROXY","value":"http://***@proxy:3128"},"x@y""#,
            ),
            (
                "pull https://cdn.example/blob?X-Amz-Signature=secret failed\n",
                "pull https://cdn.example/blob failed\n",
            ),
        ] {
            assert_eq!(want, without_logins(text));
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_in_one_short_clean_line_goes_out(text in proptest::collection::vec(any::<char>(), 0..80), limit in 0..300_usize) {
            let text = String::from_iter(text);
            let line = printable(&text, limit);
            prop_assert!(line.chars().count() <= limit + 1);
            prop_assert!(!line.chars().any(is_unprintable));
        }
    }
}
