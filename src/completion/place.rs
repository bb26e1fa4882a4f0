//! Where the cursor stands: behind which command, at which flag's value, at which argument.

use clap::{Arg, ArgAction, Command};

/// What the word at the cursor is.
pub(super) enum Place<'a> {
    Subcommand(&'a Command),
    Flag(&'a Command),
    Value(&'a Arg),
    /// Nothing that could be known.
    Free,
}

/// The cursor.
pub(super) struct At<'a> {
    pub(super) place: Place<'a>,
    /// What is typed of the word, without the `--flag=` before it.
    pub(super) typed: &'a str,
    /// What the command was given before, in its order: flags without their values, and arguments.
    pub(super) given: Vec<String>,
}

/// Finds the cursor at the end of the words.
pub(super) fn place<'a>(program: &'a Command, words: &'a [String]) -> At<'a> {
    let (typed, earlier) = words
        .split_last()
        .map_or(("", [].as_slice()), |(last, earlier)| {
            (last.as_str(), earlier)
        });
    let mut command = program;
    let mut awaiting = None;
    let mut given = Vec::new();
    // Arguments of the command so far.
    let mut arguments = 0;
    let mut flags = Flags::Read;
    for word in earlier {
        if awaiting.take().is_some() {
            continue;
        }
        if flags == Flags::Over || !word.starts_with('-') || word == "-" {
            let named = command.find_subcommand(word).filter(|_| arguments == 0);
            if let Some(found) = named {
                command = found;
            } else {
                arguments += 1;
                given.push(word.clone());
            }
        } else if word == "--" {
            flags = Flags::Over;
        } else {
            awaiting = valued(command, word).filter(|_| !word.contains('='));
            let name = word.split('=').next().unwrap_or(word);
            given.push(name.to_owned());
        }
    }
    let is_flag = flags == Flags::Read && typed.starts_with('-');
    let (place, typed) = match (awaiting, typed.split_once('=')) {
        (Some(arg), _) => (Place::Value(arg), typed),
        (None, Some((flag, value))) if is_flag => match valued_long(command, flag) {
            Some(arg) => (Place::Value(arg), value),
            None => (Place::Free, value),
        },
        (None, _) if is_flag => (Place::Flag(command), typed),
        (None, _) if arguments == 0 && command.has_subcommands() => {
            (Place::Subcommand(command), typed)
        }
        (None, _) => match argument(command, arguments) {
            Some(arg) => (Place::Value(arg), typed),
            None => (Place::Free, typed),
        },
    };
    At {
        place,
        typed,
        given,
    }
}

/// Whether a dash still begins a flag.
#[derive(PartialEq, Eq)]
enum Flags {
    Read,
    Over,
}

/// The flag of this word that takes the next one for its value.
fn valued<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    if word.starts_with("--") {
        return valued_long(command, word).filter(|arg| !arg.is_require_equals_set());
    }
    // Of `-qn`, the first that takes a value takes the rest of the word.
    let mut letters = word.chars().skip(1);
    let found = letters.find_map(|letter| {
        let mut args = command.get_arguments();
        args.find(|arg| takes_value(arg) && arg.get_short() == Some(letter))
    });
    found.filter(|_| letters.next().is_none())
}

/// The flag with a value of this name, dashes included.
fn valued_long<'a>(command: &'a Command, flag: &str) -> Option<&'a Arg> {
    let name = flag.strip_prefix("--")?;
    let mut args = command.get_arguments();
    args.find(|arg| takes_value(arg) && arg.get_long() == Some(name))
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

/// The argument of the command in this place, counted from 0.
fn argument(command: &Command, place: usize) -> Option<&Arg> {
    let mut all = command.get_positionals();
    let last = command.get_positionals().last();
    let is_repeated = |arg: &&Arg| {
        let values = arg.get_num_args();
        values.is_some_and(|values| values.max_values() > 1)
            || matches!(arg.get_action(), ArgAction::Append)
    };
    all.nth(place).or(last.filter(is_repeated))
}
