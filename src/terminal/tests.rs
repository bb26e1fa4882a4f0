//! What decides about colours and signs.

use super::*;

fn from<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
    move |name| {
        set.iter()
            .find(|(key, value)| *key == name && !value.is_empty())
            .map(|(_, value)| OsString::from(value))
    }
}

#[test]
fn colour_is_decided_by_the_first_that_says_something() {
    use Color::{Always, Auto, Never};
    use Sink::{Other, Terminal};
    for (name, when, sink, set, want) in [
        ("a terminal", Auto, Terminal, vec![], true),
        ("a pipe", Auto, Other, vec![], false),
        (
            "the flag wins over NO_COLOR",
            Always,
            Other,
            vec![("NO_COLOR", "1")],
            true,
        ),
        (
            "the flag wins over FORCE_COLOR",
            Never,
            Terminal,
            vec![("FORCE_COLOR", "1")],
            false,
        ),
        (
            "NO_COLOR on a terminal",
            Auto,
            Terminal,
            vec![("NO_COLOR", "1")],
            false,
        ),
        (
            "an empty NO_COLOR says nothing",
            Auto,
            Terminal,
            vec![("NO_COLOR", "")],
            true,
        ),
        (
            "NO_COLOR wins over CLICOLOR_FORCE",
            Auto,
            Terminal,
            vec![("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
            false,
        ),
        (
            "CLICOLOR_FORCE on a pipe",
            Auto,
            Other,
            vec![("CLICOLOR_FORCE", "1")],
            true,
        ),
        (
            "FORCE_COLOR on a pipe",
            Auto,
            Other,
            vec![("FORCE_COLOR", "1")],
            true,
        ),
        (
            "CLICOLOR_FORCE=0 says nothing",
            Auto,
            Other,
            vec![("CLICOLOR_FORCE", "0")],
            false,
        ),
        (
            "FORCE_COLOR wins over a dumb terminal",
            Auto,
            Terminal,
            vec![("FORCE_COLOR", "1"), ("TERM", "dumb")],
            true,
        ),
        (
            "a dumb terminal",
            Auto,
            Terminal,
            vec![("TERM", "dumb")],
            false,
        ),
    ] {
        assert_eq!(want, is_coloured(when, sink, from(&set)), "{name}");
    }
}

#[test]
fn signs_outside_ascii_need_a_locale_that_has_them() {
    let (unicode, ascii) = (Glyphs::UNICODE, Glyphs::ASCII);
    let screen = |ascii| Screen {
        color: Color::Auto,
        ascii,
        verbosity: 0,
    };
    for (name, asked, set, want) in [
        (
            "LANG says so",
            screen(false),
            vec![("LANG", "en_US.UTF-8")],
            unicode,
        ),
        (
            "the other spelling",
            screen(false),
            vec![("LANG", "C.utf8")],
            unicode,
        ),
        (
            "LC_ALL wins over LANG",
            screen(false),
            vec![("LC_ALL", "C"), ("LANG", "en_US.UTF-8")],
            ascii,
        ),
        (
            "LC_CTYPE wins over LANG",
            screen(false),
            vec![("LC_CTYPE", "C.UTF-8"), ("LANG", "C")],
            unicode,
        ),
        (
            "the flag wins",
            screen(true),
            vec![("LANG", "en_US.UTF-8")],
            ascii,
        ),
        (
            "a dumb terminal",
            screen(false),
            vec![("LANG", "en_US.UTF-8"), ("TERM", "dumb")],
            ascii,
        ),
    ] {
        assert_eq!(want, glyphs(asked, from(&set)), "{name}");
    }
}
