//! Which file, context, cluster, user and namespace are used: as kubectl decides it.

use std::env;
use std::fs;

use tempfile::TempDir;

use super::{plain, plugin_alone, version, versions, write};
use crate::harness::Plugin;
use crate::world::sim::api::kubeconfig::{Context, Login};
use crate::world::sim::api::{Cluster, TOKEN};

/// Two contexts, the current one first: `edge` of `cluster`, and `dead`, where nobody listens.
fn edge_and_dead(cluster: &Cluster) -> std::path::PathBuf {
    let login = || Login::Token(TOKEN.to_owned());
    cluster.write_kubeconfig(&[
        cluster
            .context("edge")
            .namespace("tracebloc")
            .login(login()),
        Context::new("dead", "http://127.0.0.1:1", None).login(login()),
    ])
}

#[test]
fn without_any_settings_it_says_what_to_set() {
    for kubeconfig in ["", "/nonexistent/a:/nonexistent/b"] {
        version(kubeconfig)
            .stdout(plugin_alone())
            .stderr(
                "error: connect to the cluster: no configuration has been provided\n\
                 hint: set KUBECONFIG, or pass --kubeconfig or --server\n",
            )
            .status(1);
    }
}

#[test]
fn a_pods_variable_without_a_pods_account_is_no_configuration() {
    let output = version("")
        .env("KUBERNETES_SERVICE_HOST", "10.96.0.1")
        .env("KUBERNETES_SERVICE_PORT", "443")
        .output();
    let start = "error: connect to the cluster: no configuration has been provided\n";
    assert!(output.stderr.starts_with(start), "{}", output.stderr);
}

#[test]
fn a_context_that_no_file_has_is_not_ignored() {
    version("/nonexistent/config")
        .args(["--context", "edge"])
        .stdout(plugin_alone())
        .stderr(
            "error: connect to the cluster: context \"edge\" does not exist in the kubeconfig\n",
        )
        .status(1);
}

#[test]
fn a_missing_file_in_the_list_is_skipped() {
    let cluster = plain();
    let list = env::join_paths(["/nonexistent/config".into(), cluster.kubeconfig()]).unwrap();
    version(list.to_str().unwrap()).stdout(versions()).success();
}

#[test]
fn a_missing_file_named_by_the_flag_is_an_error() {
    version("")
        .args(["--kubeconfig", "/nonexistent/config"])
        .stdout(plugin_alone())
        .stderr(
            "error: read kubeconfig \"/nonexistent/config\": No such file or directory (os error 2)\n\
             hint: check --kubeconfig and KUBECONFIG\n",
        )
        .status(1);
}

#[test]
fn the_flag_wins_over_the_variable_and_the_variable_over_the_home_folder() {
    let cluster = plain();
    let dead = Context::new("dead", "http://127.0.0.1:1", None);
    let folder = TempDir::new().unwrap();
    let other = plain();
    let dead = other.write_kubeconfig(&[dead]);
    fs::create_dir(folder.path().join(".kube")).unwrap();
    fs::copy(cluster.kubeconfig(), folder.path().join(".kube/config")).unwrap();

    let home = || Plugin::new().args(["version"]).env("HOME", folder.path());
    home().stdout(versions()).success();
    home()
        .env("KUBECONFIG", &dead)
        .args(["--kubeconfig"])
        .args([cluster.kubeconfig()])
        .stdout(versions())
        .success();
    let output = home().env("KUBECONFIG", &dead).output();
    assert_eq!(Some(1), output.code, "{output:?}");
}

#[test]
fn in_a_list_the_first_to_say_something_wins() {
    let cluster = plain();
    let folder = TempDir::new().unwrap();
    // An empty current context says nothing; the cluster and the user of the same name do.
    let first = format!(
        "current-context: \"\"\n\
         clusters: [{{name: edge, cluster: {{server: \"{}\"}}}}]\n\
         users: [{{name: edge, user: {{token: {TOKEN}}}}}]\n",
        cluster.url()
    );
    let second = "\
        current-context: edge\n\
        contexts: [{name: edge, context: {cluster: edge, user: edge}}]\n\
        clusters: [{name: edge, cluster: {server: \"http://127.0.0.1:1\"}}]\n\
        users: [{name: edge, user: {token: wrong}}]\n";
    let files = [
        write(folder.path(), "first", &first),
        write(folder.path(), "second", second),
    ];
    let list = env::join_paths(files).unwrap();
    version(list.to_str().unwrap()).stdout(versions()).success();
}

#[test]
fn names_on_the_command_line_win_over_the_current_context() {
    let cluster = plain();
    let config = edge_and_dead(&cluster);
    let dead = version(&config).args(["--context", "dead"]).output();
    assert_eq!(Some(1), dead.code, "{dead:?}");
    version(&config)
        .args(["--context", "dead", "--cluster", "edge"])
        .stdout(versions())
        .success();
    version(&config)
        .args(["--context", "dead", "--server", &cluster.url()])
        .stdout(versions())
        .success();
}

#[test]
fn an_unknown_name_is_refused_and_the_known_ones_are_listed() {
    let cluster = plain();
    for (flag, kind) in [
        ("--context", "context"),
        ("--cluster", "cluster"),
        ("--user", "user"),
    ] {
        version(edge_and_dead(&cluster))
            .args([flag, "nope"])
            .stdout(plugin_alone())
            .stderr(format!(
                "error: connect to the cluster: {kind} \"nope\" does not exist in the kubeconfig\n\
                 hint: {kind}s there: edge, dead\n"
            ))
            .status(1);
    }
    assert_eq!(0, cluster.log().len());
}

#[test]
fn a_kubeconfig_without_a_current_context_names_those_there_are() {
    let cluster = plain();
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(edge_and_dead(&cluster)).unwrap();
    let text = text.replace("current-context: edge", "current-context: \"\"");
    version(write(folder.path(), "config", &text))
        .stdout(plugin_alone())
        .stderr(
            "error: connect to the cluster: the kubeconfig has no current context\n\
             hint: name one with --context: edge, dead\n",
        )
        .status(1);
}

#[test]
fn flags_alone_name_a_server_and_a_login() {
    let cluster = plain();
    let address = cluster.url().replace("http://", "");
    Plugin::new()
        .args(["version", "-s", &address, "--token", TOKEN])
        .stdout(versions())
        .success();
}

#[test]
fn a_file_that_is_no_kubeconfig_is_refused_without_quoting_it() {
    let folder = TempDir::new().unwrap();
    let text = "apiVersion: v1\nusers:\n- name: ana\n  user: {token: hunter2-secret\nclusters: 7\n";
    let path = write(folder.path(), "config", text);
    let output = version(&path).output();
    assert_eq!(Some(1), output.code);
    let start = format!("error: read kubeconfig {path:?}: not a kubeconfig: line ");
    assert!(output.stderr.starts_with(&start), "{}", output.stderr);
    assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
}

#[test]
fn an_old_server_is_asked_like_a_new_one() {
    let cluster = plain();
    cluster.set_version("1.24.17");
    version(cluster.kubeconfig())
        .stdout(versions().replace("1.34.4", "1.24.17"))
        .success();
}

#[test]
fn the_server_learns_who_asks() {
    let cluster = plain();
    version(cluster.kubeconfig()).stdout(versions()).success();
    let want = format!("kubectl-tracebloc-images/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(want, cluster.log()[0].user_agent);
}
