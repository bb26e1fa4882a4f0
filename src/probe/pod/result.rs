//! What a probe has left in its termination message, read as what it is: text from a pod, cut, foreign or forged.
//!
//! The first line names the form and how far the probe came: `tracebloc-images-probe 1 done`. Then a line for the tools
//! it found, one for its proxy, and one for each answer, with words between blanks, and named fields behind tabs.

use std::time::Duration;

use crate::text::printable;

/// What the first line begins with, and the only version of the form that is known here.
const FORM: &str = "tracebloc-images-probe";
const VERSION: &str = "1";

/// How much of a message is read, in bytes: more than a kubelet passes on.
const READ: usize = 8 * 1024;
/// The longest word or field of it, in characters.
const FIELD: usize = 120;

/// What the probe saw, as far as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Whether all steps were taken.
    pub(crate) is_whole: bool,
    pub(crate) tools: Vec<String>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) answers: Vec<Answer>,
}

/// The proxy in the pod's environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// `host:port`, without the login.
    pub(crate) address: String,
    /// `NO_PROXY`, verbatim.
    pub(crate) exceptions: String,
}

impl Proxy {
    /// Whether curl would go through it to this host: by an entry's whole name or as one of its domain, as curl does.
    pub(crate) fn is_before(&self, host: &str) -> bool {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let is_exempt = |entry: &str| {
            let domain = entry.trim_start_matches('.');
            let rest = name.strip_suffix(domain);
            entry == "*"
                || !domain.is_empty()
                    && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let mut entries = self.exceptions.split([',', ' ']);
        !entries.any(|entry| is_exempt(entry.trim()))
    }
}

/// How one question ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) registry: String,
    /// `api`, `token`, `layers`, or the image that was asked for: `tracebloc/ingestor:0.3`.
    pub(crate) what: String,
    pub(crate) host: String,
    pub(crate) exit: Exit,
    /// 0 where none came.
    pub(crate) status: u16,
    /// What a proxy said to CONNECT; 0 where there was none.
    pub(crate) tunnel: u16,
    /// When the name was resolved, TCP was there, TLS was there, and all was there. Zero where it did not come to that.
    pub(crate) resolved: Duration,
    pub(crate) connected: Duration,
    pub(crate) secured: Duration,
    pub(crate) total: Duration,
    /// OpenSSL's verdict on the certificate.
    pub(crate) verify: u32,
    pub(crate) address: String,
    fields: Vec<(String, String)>,
}

/// How the tool that asked has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Exit {
    /// curl's exit code.
    Curl(u8),
    /// wget, which has one code for everything.
    Wget,
    /// Nothing there could ask.
    #[default]
    None,
}

impl Answer {
    /// Empty where there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        let mut fields = self.fields.iter();
        let found = fields.find(|(known, _)| known == name);
        found.map_or("", |(_, text)| text)
    }

    pub(crate) fn is_page(&self) -> bool {
        self.field("ct").to_ascii_lowercase().contains("html")
    }
}

/// Reads a termination message.
///
/// # Errors
///
/// One printable sentence, where it is not of this form.
pub(crate) fn read(message: &str) -> Result<Told, String> {
    let message = cut(message);
    let mut lines = message.lines();
    let first: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let state = match first[..] {
        [FORM, VERSION, state] => state,
        [FORM, version, ..] => {
            return Err(format!(
                "its result has version {:?}, which is not known here",
                printable(version, 20)
            ));
        }
        _ if message.trim().is_empty() => return Err("it has left no result".to_owned()),
        _ => {
            return Err(format!(
                "it has left no result, but {:?}",
                printable(message.trim(), FIELD)
            ));
        }
    };
    let mut told = Told {
        is_whole: state == "done",
        ..Told::default()
    };
    // A last line without its end may have lost anything.
    let ended = message.ends_with('\n');
    let lines: Vec<&str> = lines.collect();
    let whole = lines.len() - usize::from(!ended && !lines.is_empty());
    told.is_whole &= ended;
    for line in &lines[..whole] {
        let mut parts = line.split('\t');
        let words: Vec<&str> = parts.next().unwrap_or_default().split(' ').collect();
        match words[..] {
            ["tools", ref tools @ ..] => {
                told.tools = tools.iter().take(10).map(|tool| word(tool)).collect();
            }
            ["proxy"] => {
                told.proxy = Some(Proxy {
                    address: word(parts.next().unwrap_or_default()),
                    exceptions: printable(parts.next().unwrap_or_default(), 400),
                });
            }
            ["ask", registry, what, host, exit, ref rest @ ..] => {
                let mut answer = answer(exit, rest);
                answer.registry = word(registry);
                answer.what = word(what);
                answer.host = word(host);
                answer.fields = parts.filter_map(named).collect();
                told.answers.push(answer);
            }
            _ => {}
        }
    }
    Ok(told)
}

fn cut(message: &str) -> &str {
    let mut end = message.len().min(READ);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

fn answer(exit: &str, numbers: &[&str]) -> Answer {
    let at = |place: usize| numbers.get(place).copied().unwrap_or_default();
    let number = |place| at(place).parse().unwrap_or_default();
    let seconds = |place| {
        let seconds: f64 = at(place).parse().unwrap_or_default();
        Duration::try_from_secs_f64(seconds)
            .unwrap_or_default()
            .min(Duration::from_secs(600))
    };
    Answer {
        exit: match exit {
            "wget" => Exit::Wget,
            code => code.parse().map_or(Exit::None, Exit::Curl),
        },
        status: number(0),
        tunnel: number(1),
        resolved: seconds(2),
        connected: seconds(3),
        secured: seconds(4),
        total: seconds(5),
        verify: at(6).parse().unwrap_or_default(),
        address: word(at(7)),
        ..Answer::default()
    }
}

fn named(part: &str) -> Option<(String, String)> {
    let (name, text) = part.split_once('=')?;
    Some((word(name), word(text)))
}

fn word(text: &str) -> String {
    printable(text.trim(), FIELD)
}

#[cfg(test)]
mod tests;
