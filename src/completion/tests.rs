//! Where the cursor can stand, a row each.

use clap::CommandFactory;

use super::{Names, Offer, lines, offer};
use crate::cli::Cli;

/// What is offered after these words, the last one at the cursor.
fn offered(words: &[&str]) -> Offer {
    let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
    offer(&mut Cli::command(), &words)
}

fn words(typed: &[&str]) -> Vec<String> {
    match offered(typed) {
        Offer::These(all) => all.into_iter().map(|candidate| candidate.word).collect(),
        other => panic!("{typed:?}: {other:?}"),
    }
}

#[test]
fn words_are_offered_where_they_can_stand() {
    let rows: [(&str, &[&str], &[&str]); 19] = [
        ("a command", &["st"], &["status"]),
        (
            "a command behind a flag and its value",
            &["-n", "x", "ref"],
            &["refresh"],
        ),
        ("no command that is hidden", &["__"], &[]),
        (
            "a command of a command",
            &["completion", "po"],
            &["powershell"],
        ),
        ("an image", &["status", "ing"], &["ingestor"]),
        (
            "a second image",
            &["status", "-q", "ingestor", "p"],
            &["pods-monitor"],
        ),
        ("no image twice", &["status", "ingestor", "i"], &[]),
        (
            "an image behind --",
            &["status", "--", "jobs"],
            &["jobs-manager"],
        ),
        ("a flag", &["status", "--off"], &["--offline"]),
        ("no flag twice", &["status", "--offline", "--off"], &[]),
        (
            "a flag that can be repeated",
            &["status", "--as-group", "a", "--as-g"],
            &["--as-group"],
        ),
        ("no flag behind --", &["status", "--", "--off"], &[]),
        ("a value", &["status", "--output", "j"], &["json"]),
        (
            "a value of a short flag",
            &["status", "-qo", "w"],
            &["wide"],
        ),
        ("a value behind =", &["status", "--output=sh"], &["short"]),
        (
            "a value that only = brings",
            &["refresh", "--dry-run=s"],
            &["server"],
        ),
        (
            "an argument behind a flag that = alone gives a value",
            &["refresh", "--dry-run", "ing"],
            &["ingestor"],
        ),
        (
            "a member of a list, not again",
            &["status", "--state", "stuck,br"],
            &["stuck,broken"],
        ),
        (
            "nothing behind a flag that is unknown",
            &["status", "--unknown="],
            &[],
        ),
    ];
    for (what, typed, want) in rows {
        assert_eq!(words(typed), want, "{what}: {typed:?}");
    }
    assert!(words(&[""]).contains(&"doctor".to_owned()));
    assert_eq!(words(&["status", "--state", "stuck,"]).len(), 8);
}

#[test]
fn names_of_others_are_asked_for() {
    let names = |of, before: &str| Offer::Names {
        of,
        before: before.to_owned(),
    };
    for (typed, want) in [
        (&["status", "-n", ""][..], names(Names::Namespaces, "")),
        (&["status", "--namespace=tr"], names(Names::Namespaces, "")),
        (&["--context", "e"], names(Names::Contexts, "")),
        (&["doctor", "--cluster", ""], names(Names::Clusters, "")),
        (&["doctor", "--user", ""], names(Names::Users, "")),
        (&["refresh", "-l", ""], names(Names::Releases, "")),
        (&["status", "--kubeconfig", ""], Offer::Files),
        (&["completion", "install", "--dir", ""], Offer::Files),
    ] {
        assert_eq!(offered(typed), want, "{typed:?}");
    }
    assert_eq!(words(&["status", "--token", ""]), [""; 0]);
}

#[test]
fn codes_come_with_what_they_mean() {
    use clap::{Arg, Command};

    let mut program = Command::new("plugin").arg(Arg::new("code"));
    let Offer::These(codes) = offer(&mut program, &["TBI-31".to_owned()]) else {
        panic!("codes are known");
    };
    assert_eq!(
        "TBI-310\tgreen but not refreshing (silent)\nTBI-311\tcounter malformed or unreadable\n\
         TBI-312\tleftover annotations\n:4\n",
        lines(&codes)
    );
}

/// A flag that is renamed must not lose its values without a word.
#[test]
fn every_source_of_values_belongs_to_a_flag() {
    let mut program = Cli::command();
    program.build();
    let commands = program.get_subcommands().chain([&program]);
    let ids: Vec<_> = commands
        .flat_map(clap::Command::get_arguments)
        .map(|arg| arg.get_id().as_str())
        .collect();
    for id in [
        "namespace",
        "selector",
        "context",
        "cluster",
        "user",
        "images",
        "state",
    ] {
        assert!(ids.contains(&id), "{id}");
    }
}
