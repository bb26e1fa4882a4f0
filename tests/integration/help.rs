//! The manual: every page of help as it stands on a terminal 100 columns wide, and what wrong usage is told.

use crate::harness::{Plugin, page_of as screen};

#[test]
fn every_command_has_its_page() {
    screen("help", &["--help"]);
    screen("help_status", &["status", "--help"]);
    screen("help_refresh", &["refresh", "--help"]);
    screen("help_explain", &["explain", "--help"]);
    screen("help_doctor", &["doctor", "--help"]);
    screen("help_tick", &["tick", "--help"]);
    screen("help_completion", &["completion", "--help"]);
    screen(
        "help_completion_install",
        &["completion", "install", "--help"],
    );
    screen("help_version", &["version", "--help"]);
    screen("help_schema", &["schema", "--help"]);
    screen("help_exit_codes", &["help", "exit-codes"]);
}

/// The names under `Commands:`.
fn commands(args: &[&str]) -> Vec<String> {
    let page = Plugin::new().args(args).args(["--help"]).output().stdout;
    let list = page.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_page_has_two_examples_and_a_short_form() {
    let all = commands(&[]);
    assert!(all.len() >= 8, "{all:?}");
    let mut pages: Vec<_> = all.iter().map(|name| vec![name.as_str()]).collect();
    pages.extend([
        vec![],
        vec!["completion", "install"],
        vec!["completion", "uninstall"],
    ]);
    for page in pages {
        let [long, short] =
            ["--help", "-h"].map(|flag| Plugin::new().args(&page).args([flag]).output().stdout);
        let examples = long.split("Examples:\n").nth(1).unwrap_or_default();
        let examples = examples.lines().take_while(|line| line.starts_with("  "));
        assert!(examples.count() >= 2, "{page:?}: {long}");
        assert!(
            short.lines().count() <= 60 && short.lines().count() * 3 / 2 < long.lines().count(),
            "{page:?}: {short}"
        );
        assert!(!short.contains("--client-certificate"), "{page:?}: {short}");
    }
}

#[test]
fn help_and_its_flag_print_the_same() {
    for (words, flag) in [
        (vec!["help"], vec!["--help"]),
        (vec!["help", "status"], vec!["status", "--help"]),
        (vec!["help", "refresh"], vec!["refresh", "--help"]),
        (vec!["help", "explain"], vec!["explain", "--help"]),
        (vec!["help", "doctor"], vec!["doctor", "--help"]),
        (vec!["help", "tick"], vec!["tick", "--help"]),
        (vec!["help", "completion"], vec!["completion", "--help"]),
        (vec!["help", "version"], vec!["version", "--help"]),
        (vec!["help", "schema"], vec!["schema", "--help"]),
    ] {
        let page = Plugin::new().args(&flag).output().stdout;
        Plugin::new().args(words).stdout(page).success();
    }
}

#[test]
fn a_wrong_name_is_told_the_right_ones() {
    Plugin::new()
        .args(["status", "ingester"])
        .stderr(
            "error: invalid value 'ingester' for '[IMAGE]...': no such image; one of: ingestor, jobs-manager, \
             pods-monitor, resource-monitor, requests-proxy\n\nFor more information, try '--help'.\n",
        )
        .status(2);
    Plugin::new()
        .args(["status", "--state", "stuck,old"])
        .stderr(
            "error: invalid value 'old' for '--state <LIST>': no such state; one or more of: stuck, broken, stale, \
             drifted, frozen, unknown, held, mirrored, current\n\nFor more information, try '--help'.\n",
        )
        .status(2);
    Plugin::new()
        .args(["version", "--request-timeout", "soon"])
        .stderr(
            "error: invalid value 'soon' for '--request-timeout <DURATION>': a whole number of seconds, or a number \
             with a unit (1s, 2m, 1m30s, 3h)\n\nFor more information, try '--help'.\n",
        )
        .status(2);
}

#[test]
fn the_flags_of_fleets_belong_to_status() {
    for (command, flag) in [
        ("version", "-A"),
        ("version", "--all-namespaces"),
        ("version", "--contexts"),
        ("refresh", "-A"),
        ("refresh", "--contexts"),
        ("doctor", "-A"),
        ("tick", "--contexts"),
        ("explain", "-A"),
        ("schema", "--contexts"),
    ] {
        let output = Plugin::new().args([command, flag]).output();
        assert_eq!(Some(2), output.code, "{command} {flag}");
        let start = format!("error: unexpected argument '{flag}' found\n");
        assert!(output.stderr.starts_with(&start), "{}", output.stderr);
    }
}

#[test]
fn what_is_meant_for_one_cluster_is_not_sent_to_several() {
    for flag in [
        "--context",
        "--cluster",
        "--user",
        "--server",
        "--token",
        "--client-certificate",
        "--client-key",
        "--certificate-authority",
        "--tls-server-name",
    ] {
        for words in [
            ["status", "--contexts", "edge-*", flag, "x"],
            [flag, "x", "status", "--contexts", "edge-*"],
        ] {
            let output = Plugin::new().args(words).output();
            assert_eq!(Some(2), output.code, "{words:?}: {}", output.stderr);
            assert!(
                output.stderr.contains("cannot be used with"),
                "{words:?}: {}",
                output.stderr
            );
        }
    }
}
