//! What an answer of HTTP means for the step that asked.

use crate::codes::Code;
use crate::probe::pod::result::{Answer, Exit};
use crate::reading::{Broken, Budget, Reading};

pub(super) fn failed(code: Code, host: &str, message: &str) -> Reading {
    Reading::Failed(Broken {
        code,
        cause: code,
        host: host.to_owned(),
        message: message.to_owned(),
    })
}

/// Whether it is a registry that answers (distribution spec, end-1).
pub(super) fn greeting(answer: &Answer) -> Reading {
    let host = &answer.host;
    match (answer.status, answer.is_page()) {
        (401, false) if answer.exit == Exit::Wget => Reading::Passed,
        (401, false) if answer.field("ra").is_empty() => failed(
            Code::ChallengeAltered,
            host,
            "its challenge is missing or not its own",
        ),
        (401, false) => Reading::Passed,
        (200, false) => Reading::Odd(Broken {
            code: Code::MirrorAnswers,
            cause: Code::MirrorAnswers,
            host: host.clone(),
            message: "lets everybody in: a mirror or a cache answers for it".to_owned(),
        }),
        (429, _) => failed(Code::RateLimited, host, "too many requests (429)"),
        (status @ 500.., _) => failed(Code::RegistryError, host, &format!("answered {status}")),
        _ => failed(Code::NotARegistry, host, &page(answer)),
    }
}

/// An answer that no registry gives.
pub(super) fn page(answer: &Answer) -> String {
    let (title, server) = (answer.field("t"), answer.field("sv"));
    let title = match title {
        "" if answer.is_page() => " with a web page".to_owned(),
        "" => String::new(),
        title if answer.is_page() => format!(" with a web page {title:?}"),
        code => format!(" {code}"),
    };
    let server = match server {
        "" => String::new(),
        server => format!(" (server {server})"),
    };
    format!("answered {}{title}{server}", answer.status)
}

/// `100;w=21600`: what is left of the pulls, as Docker Hub counts them.
pub(super) fn budget(answer: &Answer) -> Option<Budget> {
    let count = |name| answer.field(name).split(';').next()?.trim().parse().ok();
    Some(Budget {
        left: count("rl")?,
        limit: count("rm"),
        source: Some(answer.field("rs").to_owned()).filter(|source| !source.is_empty()),
    })
}
