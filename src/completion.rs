//! What a tab key offers: the words that can stand at the cursor. Knows the command line, and asks nobody.
//!
//! Lists leave with cobra's protocol, which kubectl's own completion and the scripts in `completions/` read: a line per
//! word, what it means behind a tab, and at the end `:4`, or `:0` where names of files are wanted.

mod place;

use clap::{Arg, Command, ValueHint};

use crate::codes::Code;
use crate::health::State;
use crate::image::ManagedImage;
use crate::text;
use place::{At, Place, place};

/// A word, and what it means; empty where the word says it all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) word: String,
    pub(crate) meaning: String,
}

/// What can stand at the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    These(Vec<Candidate>),
    /// What only the cluster or the kubeconfig knows, and what stands before it in the word: the earlier members of a
    /// list.
    Names {
        of: Names,
        before: String,
    },
    Files,
}

/// Names that others give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    Namespaces,
    /// Written as a selector of labels.
    Releases,
    Contexts,
    Clusters,
    Users,
}

/// What can stand where the last of the words stands, which may be empty; the words follow the program's name.
pub(crate) fn offer(program: &mut Command, words: &[String]) -> Offer {
    program.build();
    let At {
        place,
        typed,
        given,
    } = place(program, words);
    let offer = match place {
        Place::Subcommand(command) => Offer::These(subcommands(command)),
        Place::Flag(command) => Offer::These(flags(command, &given)),
        Place::Value(arg) => values(arg, typed, &given),
        Place::Free => Offer::These(Vec::new()),
    };
    match offer {
        Offer::These(all) => Offer::These(starting(all, typed)),
        other => other,
    }
}

/// Those that begin as typed, and that a terminal can show as they are.
pub(crate) fn starting(mut all: Vec<Candidate>, typed: &str) -> Vec<Candidate> {
    all.retain(|candidate| {
        candidate.word.starts_with(typed)
            && !candidate
                .word
                .contains(|c: char| c.is_whitespace() || text::is_unprintable(c))
    });
    all
}

/// The lines of the protocol.
pub(crate) fn lines(candidates: &[Candidate]) -> String {
    let line = |candidate: &Candidate| match candidate.meaning.as_str() {
        "" => format!("{}\n", candidate.word),
        meaning => format!(
            "{}\t{}\n",
            candidate.word,
            text::printable(meaning, text::QUOTED)
        ),
    };
    candidates
        .iter()
        .map(line)
        .chain([":4\n".to_owned()])
        .collect()
}

/// The lines that leave the word to the shell, which knows the files.
pub(crate) const FILES: &str = ":0\n";

fn subcommands(command: &Command) -> Vec<Candidate> {
    let shown = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    shown
        .map(|command| candidate(command.get_name(), command.get_about()))
        .collect()
}

/// In the order of the help; none twice that cannot be repeated.
fn flags(command: &Command, given: &[String]) -> Vec<Candidate> {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    shown
        .filter_map(|arg| {
            let flag = format!("--{}", arg.get_long()?);
            let is_repeated = matches!(arg.get_action(), clap::ArgAction::Append);
            (is_repeated || !given.contains(&flag)).then(|| candidate(&flag, arg.get_help()))
        })
        .collect()
}

fn candidate(word: &str, meaning: Option<&clap::builder::StyledStr>) -> Candidate {
    Candidate {
        word: word.to_owned(),
        meaning: meaning.map(ToString::to_string).unwrap_or_default(),
    }
}

fn values(arg: &Arg, typed: &str, given: &[String]) -> Offer {
    let end = arg
        .get_value_delimiter()
        .and_then(|delimiter| typed.rfind(delimiter));
    let before = &typed[..end.map_or(0, |end| end + 1)];
    let named = match arg.get_id().as_str() {
        "namespace" => Some(Names::Namespaces),
        "selector" => Some(Names::Releases),
        "context" | "contexts" => Some(Names::Contexts),
        "cluster" => Some(Names::Clusters),
        "user" => Some(Names::Users),
        _ => None,
    };
    if let Some(of) = named {
        return Offer::Names {
            of,
            before: before.to_owned(),
        };
    }
    let words: Vec<Candidate> = match arg.get_id().as_str() {
        "images" => ManagedImage::ALL.map(|image| bare(image.name())).into(),
        "state" => State::ALL
            .map(|state| bare(&state.word().to_ascii_lowercase()))
            .into(),
        "code" => Code::ALL
            .iter()
            .map(|code| Candidate {
                word: code.to_string(),
                meaning: code.title().to_owned(),
            })
            .collect(),
        _ => {
            let hint = arg.get_value_hint();
            if matches!(
                hint,
                ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
            ) {
                return Offer::Files;
            }
            let possible = arg.get_possible_values().into_iter();
            possible
                .filter(|value| !value.is_hide_set())
                .map(|value| candidate(value.get_name(), value.get_help()))
                .collect()
        }
    };
    let earlier: Vec<_> = before
        .split(',')
        .chain(given.iter().map(String::as_str))
        .collect();
    let is_new = |one: &Candidate| !earlier.contains(&&*one.word);
    let words = words.into_iter().filter(is_new);
    Offer::These(words.map(|one| one.behind(before)).collect())
}

fn bare(word: &str) -> Candidate {
    candidate(word, None)
}

impl Candidate {
    /// A member of a list, behind the earlier ones.
    pub(crate) fn behind(self, before: &str) -> Self {
        Self {
            word: format!("{before}{}", self.word),
            ..self
        }
    }
}

impl Names {
    /// A name as it is typed.
    pub(crate) fn candidate(self, name: &str) -> Candidate {
        match self {
            Self::Releases => bare(&format!("app.kubernetes.io/instance={name}")),
            _ => bare(name),
        }
    }
}

#[cfg(test)]
mod tests;
