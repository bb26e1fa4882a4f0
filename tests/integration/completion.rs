//! The tab key: what the binary answers, the file that kubectl looks for, and the shells themselves.

mod install;
#[cfg(unix)]
mod shells;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::harness::{Output, Plugin};
use crate::status::healthy_site;
use crate::world::sim::api::access::Denial;
use crate::world::sim::release::Generation::G10;
use crate::world::sim::site::Site;

/// The committed script of each shell.
const SCRIPTS: [(&str, &str); 4] = [
    (
        "bash",
        include_str!("../../completions/kubectl-tracebloc_images.bash"),
    ),
    (
        "zsh",
        include_str!("../../completions/kubectl-tracebloc_images.zsh"),
    ),
    (
        "fish",
        include_str!("../../completions/kubectl-tracebloc_images.fish"),
    ),
    (
        "powershell",
        include_str!("../../completions/kubectl-tracebloc_images.ps1"),
    ),
];

/// The binary asked as a shell asks it, with a site behind it.
fn asked(site: &Site, words: &[&str]) -> Plugin {
    let plugin = Plugin::new().args(["__complete"]).args(words);
    let env = site.env().into_iter();
    env.fold(plugin, |plugin, (name, value)| plugin.env(name, value))
}

#[test]
fn each_shell_gets_the_script_that_is_published() {
    for (shell, script) in SCRIPTS {
        Plugin::new()
            .args(["completion", shell])
            .stdout(script)
            .success();
    }
}

#[test]
fn names_come_from_the_cluster_and_the_kubeconfig() {
    let site = healthy_site(G10);
    for (words, names) in [
        (
            &["status", "-n", ""][..],
            "tracebloc\ntracebloc-node-agents\n:4\n",
        ),
        (
            &["status", "-n", "tracebloc-"],
            "tracebloc-node-agents\n:4\n",
        ),
        (
            &["status", "--namespace=traceb"],
            "tracebloc\ntracebloc-node-agents\n:4\n",
        ),
        (&["refresh", "--context", ""], "edge\n:4\n"),
        (
            &["status", "-l", "app"],
            "app.kubernetes.io/instance=berlin\n:4\n",
        ),
        (&["-n", "nowhere", "status", "-l", ""], ":4\n"),
        (
            &["status", "-n", "tracebloc", "-l", ""],
            "app.kubernetes.io/instance=berlin\n:4\n",
        ),
    ] {
        asked(&site, words).stdout(names).success();
    }
}

#[test]
fn commands_come_with_what_they_do() {
    Plugin::new()
        .args(["__complete", "do"])
        .stdout(
            "doctor\tFind out what keeps images from being refreshed, and what to ask for\n:4\n",
        )
        .success();
    Plugin::new()
        .args(["__complete", "status", "--kubeconfig", ""])
        .stdout(":0\n")
        .success();
    Plugin::new()
        .args(["__complete"])
        .output()
        .assert_offers("status");
}

impl Output {
    fn assert_offers(&self, word: &str) {
        let words = self
            .stdout
            .lines()
            .filter_map(|line| line.split('\t').next());
        assert_eq!(
            words.filter(|offered| *offered == word).count(),
            1,
            "{self:?}"
        );
    }
}

#[test]
fn failures_are_silent() {
    let site = healthy_site(G10);
    site.cluster
        .deny(Denial::of("list", "namespaces").at_cluster_scope());
    asked(&site, &["status", "-n", ""]).stdout(":4\n").success();
    for words in [
        &["status", "--context", "nowhere", "-n", ""][..],
        &["status", "--kubeconfig", "/nonexistent", "-n", ""],
        &["status", "--kubeconfig", "/nonexistent", "--context", ""],
        &[
            "status",
            "--request-timeout",
            "soon",
            "--no-such-flag",
            "-n",
            "",
        ],
        &["status", "-n", "", "-n", ""],
    ] {
        Plugin::new()
            .args(["__complete"])
            .args(words)
            .stdout(":4\n")
            .success();
    }
}

/// The listener takes connections, and nobody ever answers on them.
#[test]
fn a_server_that_is_silent_costs_a_second() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", silent.local_addr().unwrap());
    let begun = Instant::now();
    Plugin::new()
        .args(["__complete", "status", "--server", &server, "-n", ""])
        .stdout(":4\n")
        .success();
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_secs(1) && took < Duration::from_secs(5),
        "{took:?}"
    );
}

#[cfg(unix)]
#[test]
fn the_binary_answers_under_the_name_that_kubectl_looks_for() {
    use std::os::unix::process::CommandExt;

    let site = healthy_site(G10);
    let plugin = asked(&site, &[]);
    let run = std::process::Command::new(plugin.command().get_program())
        .arg0("/usr/bin/kubectl_complete-tracebloc_images")
        .args(["status", "-n", "tracebloc-"])
        .env_clear()
        .envs(site.env())
        .output()
        .unwrap();
    assert_eq!(run.stdout, b"tracebloc-node-agents\n:4\n", "{run:?}");
}
