//! The scripts in the shells that they are made for, and kubectl's own way to the binary.
//!
//! Shells and kubectl may be missing where somebody runs `cargo test`; with `ALL_TOOLS` set, as `.ci/run` does, a
//! missing one is a failure.

use std::env;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use rexpect::session::{PtySession, spawn_command};
use tempfile::TempDir;

use super::*;

const BINARY: &str = env!("CARGO_BIN_EXE_kubectl-tracebloc_images");

/// A folder with the plugin as krew links it, to be first on PATH; the completion is installed into it.
fn linked() -> TempDir {
    let folder = TempDir::new().unwrap();
    symlink(BINARY, folder.path().join("kubectl-tracebloc_images")).unwrap();
    let dir = folder.path().to_str().unwrap();
    let install = Plugin::new()
        .args(["completion", "install", "--dir", dir])
        .output();
    assert_eq!(install.code, Some(0), "{install:?}");
    folder
}

/// A program at a site, with the plugin on its PATH. `None` where it is not there.
fn tool(name: &str, site: &Site, plugin: &Path) -> Option<Command> {
    let tools = env::var("PATH").unwrap();
    let is_there = env::split_paths(&tools).any(|folder| folder.join(name).exists());
    assert!(
        is_there || env::var_os("ALL_TOOLS").is_none(),
        "{name} is missing"
    );
    let mut command = Command::new(name);
    command
        .env_clear()
        .envs(site.env())
        .env("PATH", format!("{}:{tools}", plugin.display()))
        .env("TERM", "dumb")
        .env("LANG", "C.UTF-8");
    is_there.then_some(command)
}

/// A line as somebody types it, with a tab, and the words that it becomes.
const TYPED: [(&str, &str); 6] = [
    ("sta\t", "status"),
    ("status -n tracebloc-n\t", "status -n tracebloc-node-agents"),
    (
        "status --namespace=tracebloc-n\t",
        "status --namespace=tracebloc-node-agents",
    ),
    (
        "status -l app.kubernetes.io/instance=be\t",
        "status -l app.kubernetes.io/instance=berlin",
    ),
    ("status --state stuck,bro\t", "status --state stuck,broken"),
    (
        "status --kubeconfig /bin/ech\t",
        "status --kubeconfig /bin/echo",
    ),
];

/// A shell that has said that it is ready, with a command `show` that prints its words and is completed as the plugin.
fn ready(shell: Command, setup: &str) -> PtySession {
    let mut session = spawn_command(shell, Some(20_000)).unwrap();
    session
        .send_line(&format!(
            "{setup}; show() {{ printf '<%s>' \"$*\"; }}; echo rea''dy"
        ))
        .unwrap();
    session.exp_string("ready").unwrap();
    session
}

fn completes(session: &mut PtySession) {
    for (line, want) in TYPED {
        session.send(&format!("show {line}")).unwrap();
        session.send_line("").unwrap();
        let seen = session.exp_string(&format!("<{want}>"));
        assert!(seen.is_ok(), "{line:?} does not become {want:?}: {seen:?}");
    }
    leave(session);
}

/// A shell that talks to a terminal does not end when it is told to by a signal.
fn leave(session: &mut PtySession) {
    session.send_control('u').unwrap();
    session.send_line("exit").unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn kubectl_hands_its_tab_key_over() {
    let (site, plugin) = (healthy_site(G10), linked());
    for (words, want) in [
        (
            &["ref"][..],
            "refresh\tMove images to what their tags name now: plan, ask, pull, patch, wait, verify, record",
        ),
        (&["status", "-n", "tracebloc-n"], "tracebloc-node-agents"),
        (&["status", "ing"], "ingestor"),
        (&["status", "--out"], "--output\tHow to print the answer"),
    ] {
        let Some(mut kubectl) = tool("kubectl", &site, plugin.path()) else {
            return;
        };
        let run = kubectl
            .args(["__complete", "tracebloc-images"])
            .args(words)
            .output()
            .unwrap();
        let said = String::from_utf8(run.stdout).unwrap();
        assert_eq!(said, format!("{want}\n:4\n"), "{words:?}");
    }
}

#[test]
fn kubectl_lists_the_plugin_without_a_warning() {
    let (site, plugin) = (healthy_site(G10), linked());
    let Some(mut kubectl) = tool("kubectl", &site, plugin.path()) else {
        return;
    };
    let run = kubectl.args(["plugin", "list"]).output().unwrap();
    let file = plugin.path().join("kubectl-tracebloc_images");
    let (said, complaint) = (String::from_utf8(run.stdout), String::from_utf8(run.stderr));
    let (said, complaint) = (said.unwrap(), complaint.unwrap());
    assert!(said.contains(&format!("{}\n", file.display())), "{said}");
    assert!(
        run.status.success() && !(said + &complaint).contains("warning"),
        "{complaint}"
    );
}

#[test]
fn bash_completes() {
    let (site, plugin) = (healthy_site(G10), linked());
    let Some(mut bash) = tool("bash", &site, plugin.path()) else {
        return;
    };
    bash.args(["--norc", "--noprofile", "-i"])
        .env("INPUTRC", "/dev/null");
    let setup = "source <(kubectl-tracebloc_images completion bash); complete -F _kubectl_tracebloc_images show";
    completes(&mut ready(bash, setup));
}

#[test]
fn zsh_completes() {
    let (site, plugin) = (healthy_site(G10), linked());
    let Some(mut zsh) = tool("zsh", &site, plugin.path()) else {
        return;
    };
    zsh.args(["-f", "-i"]);
    let setup = "autoload -U compinit; compinit -u -D; source <(kubectl-tracebloc_images completion zsh); \
                 compdef _kubectl_tracebloc_images show";
    completes(&mut ready(zsh, setup));
}

/// The way of most people: kubectl's own script asks kubectl, which asks the plugin.
#[test]
fn zsh_completes_behind_kubectl() {
    let (site, plugin) = (healthy_site(G10), linked());
    if tool("kubectl", &site, plugin.path()).is_none() {
        return;
    }
    let Some(mut zsh) = tool("zsh", &site, plugin.path()) else {
        return;
    };
    zsh.args(["-f", "-i"]);
    let setup = "autoload -U compinit; compinit -u -D; source <(kubectl completion zsh)";
    let mut session = ready(zsh, setup);
    session
        .send("kubectl tracebloc-images status -n tracebloc-n\t")
        .unwrap();
    session.flush().unwrap();
    session.exp_string("ode-agents").unwrap();
    leave(&mut session);
}

#[test]
fn fish_completes() {
    let (site, plugin) = (healthy_site(G10), linked());
    for (line, want) in TYPED {
        let Some(mut fish) = tool("fish", &site, plugin.path()) else {
            return;
        };
        let typed = line.trim_end();
        let script = format!(
            "kubectl-tracebloc_images completion fish | source; complete -C 'kubectl-tracebloc_images {typed}'"
        );
        let run = fish.args(["--no-config", "-c", &script]).output().unwrap();
        let said = String::from_utf8(run.stdout).unwrap();
        let offered = said.lines().filter_map(|line| line.split('\t').next());
        let last = want.split(' ').next_back().unwrap_or_default();
        assert!(offered.clone().any(|word| word == last), "{line:?}: {said}");
        assert!(offered.clone().all(|word| !word.starts_with(':')), "{said}");
    }
}
