//! The command line as clap understands it.

use clap::CommandFactory;

use super::*;

#[test]
fn clap_finds_no_contradiction() {
    Cli::command().debug_assert();
}

fn status(words: &str) -> (Status, Connection) {
    let words = ["kubectl-tracebloc_images"]
        .into_iter()
        .chain(words.split(' '));
    let cli = Cli::try_parse_from(words).unwrap();
    let Command::Status(status) = cli.command else {
        panic!("not status");
    };
    (status, cli.connection)
}

#[test]
fn connection_flags_stand_before_or_after_the_command() {
    for words in [
        "status -n a --context b",
        "-n a status --context b",
        "-n a --context b status",
    ] {
        let (_, connection) = status(words);
        assert_eq!(Some("a"), connection.namespace.as_deref(), "{words}");
        assert_eq!(Some("b"), connection.context.as_deref(), "{words}");
    }
}

#[test]
fn states_are_a_list_and_either_case_is_understood() {
    let (status, _) = status("status --state STUCK,stale --state held");
    assert_eq!(vec![State::Stuck, State::Stale, State::Held], status.state);
}

#[test]
fn a_token_is_not_in_debug_output() {
    let (_, connection) = status("status --token hunter2");
    let shown = format!("{connection:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
