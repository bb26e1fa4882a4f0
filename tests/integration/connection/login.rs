//! Logins: tokens, certificates, credential plugins, acting as somebody else.

use std::fs;

use tempfile::TempDir;

use super::{plain, plugin_alone, script, version, versions, write};
use crate::world::sim::api::faults::Fault;
use crate::world::sim::api::kubeconfig::Login;
use crate::world::sim::api::refusal::Refusal;
use crate::world::sim::api::{Cluster, TOKEN, Transport};

/// A kubeconfig whose user logs in with this plugin.
fn with_plugin(cluster: &Cluster, command: &str) -> std::path::PathBuf {
    let login = Login::Exec(vec![command.to_owned(), "--cluster".to_owned()]);
    cluster.write_kubeconfig(&[cluster.context("edge").login(login)])
}

/// A plugin that leaves a line in `runs` beside it each time, and prints the file `answer` beside it.
fn counting_plugin(folder: &TempDir, answer: &str) -> String {
    write(folder.path(), "answer", answer);
    let here = folder.path().display();
    let body = format!("echo run >> {here}/runs\nexec /bin/cat {here}/answer");
    script(folder.path(), "plugin", &body).display().to_string()
}

fn runs(folder: &TempDir) -> usize {
    let runs = fs::read_to_string(folder.path().join("runs")).unwrap_or_default();
    runs.lines().count()
}

fn token_answer(expires: &str) -> String {
    format!(
        "{{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \
         \"status\": {{\"token\": \"{TOKEN}\"{expires}}}}}"
    )
}

#[test]
fn a_plugin_that_gives_a_token_runs_once() {
    for (name, answer) in [
        ("without an end", token_answer("")),
        (
            "with an end",
            token_answer(", \"expirationTimestamp\": \"2999-01-01T00:00:00Z\""),
        ),
        (
            "as YAML",
            format!("kind: ExecCredential\nstatus:\n  token: {TOKEN}\n"),
        ),
    ] {
        let (cluster, folder) = (Cluster::start(Transport::Tls), TempDir::new().unwrap());
        let config = with_plugin(&cluster, &counting_plugin(&folder, &answer));
        version(config).stdout(versions()).success();
        assert_eq!(1, runs(&folder), "{name}");
    }
}

#[test]
fn a_plugin_whose_token_has_run_out_is_asked_again() {
    let (cluster, folder) = (plain(), TempDir::new().unwrap());
    let answer = token_answer(", \"expirationTimestamp\": \"2001-01-01T00:00:00Z\"");
    let config = with_plugin(&cluster, &counting_plugin(&folder, &answer));
    version(config).stdout(versions()).success();
    // At the start, and before each of the two requests.
    assert_eq!(3, runs(&folder));
}

#[test]
fn a_plugin_that_fails_later_is_still_named() {
    let (cluster, folder) = (plain(), TempDir::new().unwrap());
    let answer = token_answer(", \"expirationTimestamp\": \"2001-01-01T00:00:00Z\"");
    write(folder.path(), "answer", &answer);
    let here = folder.path().display();
    // The second time there is nothing left to print.
    let body = format!("/bin/mv {here}/answer {here}/given && exec /bin/cat {here}/given");
    let plugin = script(folder.path(), "plugin", &body);
    let output = version(with_plugin(&cluster, &plugin.display().to_string())).output();
    let want = format!("error: run the credential plugin {plugin:?}: exit status: 1 (TBI-106)\n");
    assert_eq!(Some(1), output.code);
    assert!(output.stderr.contains(&want), "{}", output.stderr);
    assert_eq!(0, cluster.log().len());
}

#[test]
fn a_plugin_that_gives_a_certificate_runs_once() {
    let (cluster, folder) = (Cluster::start(Transport::Tls), TempDir::new().unwrap());
    let Login::Certificate(identity) = cluster.certificate("berta") else {
        unreachable!("asked for a certificate");
    };
    let answer = serde_json::json!({
        "kind": "ExecCredential",
        "status": {
            "clientCertificateData": identity.certificate,
            "clientKeyData": identity.key,
        },
    });
    let config = with_plugin(&cluster, &counting_plugin(&folder, &answer.to_string()));
    cluster.revoke_tokens();
    version(config).stdout(versions()).success();
    assert_eq!(1, runs(&folder));
}

#[test]
fn a_plugin_that_is_missing_is_named_with_the_way_to_install_it() {
    let (cluster, folder) = (plain(), TempDir::new().unwrap());
    let text = fs::read_to_string(with_plugin(&cluster, "aws-like-plugin")).unwrap();
    let hint = "interactiveMode: Never\n      installHint: \"brew install\\n  awscli\"";
    let config = write(
        folder.path(),
        "config",
        &text.replace("interactiveMode: Never", hint),
    );
    version(config)
        .stdout(plugin_alone())
        .stderr(
            "error: run the credential plugin \"aws-like-plugin\": executable not found (TBI-106)\n\
             hint: brew install awscli\n",
        )
        .status(1);
}

#[test]
fn a_plugin_that_fails_says_so_itself_and_nothing_it_printed_is_repeated() {
    let (cluster, folder) = (plain(), TempDir::new().unwrap());
    let plugin = script(
        folder.path(),
        "plugin",
        "echo hunter2-secret\necho 'session expired: log in' >&2\nexit 3",
    );
    version(with_plugin(&cluster, &plugin.display().to_string()))
        .stdout(plugin_alone())
        .stderr(format!(
            "session expired: log in\n\
             error: run the credential plugin {plugin:?}: exit status: 3 (TBI-106)\n\
             hint: it stands under exec in the kubeconfig; kubectl runs the same one\n"
        ))
        .status(1);
}

#[test]
fn a_plugin_that_prints_something_else_is_refused_without_repeating_it() {
    let (cluster, folder) = (plain(), TempDir::new().unwrap());
    let plugin = counting_plugin(&folder, "token: [hunter2-secret");
    version(with_plugin(&cluster, &plugin))
        .stdout(plugin_alone())
        .stderr(format!(
            "error: run the credential plugin {plugin:?}: it did not print an ExecCredential with a status (TBI-106)\n\
             hint: it stands under exec in the kubeconfig; kubectl runs the same one\n"
        ))
        .status(1);
}

#[test]
fn a_token_on_the_command_line_leaves_the_plugin_alone() {
    let (cluster, folder) = (plain(), TempDir::new().unwrap());
    let config = with_plugin(&cluster, &counting_plugin(&folder, "nonsense"));
    version(config)
        .args(["--token", TOKEN])
        .stdout(versions())
        .success();
    assert_eq!(0, runs(&folder));
}

#[test]
fn a_token_file_may_end_in_a_line_end() {
    let (cluster, folder) = (plain(), TempDir::new().unwrap());
    let config = fs::read_to_string(cluster.kubeconfig()).unwrap();
    let config = config.replace(&format!("token: {TOKEN}"), "tokenFile: token");
    let config = write(folder.path(), "config", &config);
    for token in [TOKEN.to_owned(), format!("{TOKEN}\n")] {
        write(folder.path(), "token", &token);
        version(&config).stdout(versions()).success();
    }
    fs::remove_file(folder.path().join("token")).unwrap();
    let path = folder.path().join("token");
    version(&config)
        .stdout(plugin_alone())
        .stderr(format!(
            "error: connect to the cluster: token file: {path:?}: No such file or directory (os error 2)\n"
        ))
        .status(1);
}

#[test]
fn a_login_that_kubectl_dropped_is_refused() {
    let (cluster, folder) = (plain(), TempDir::new().unwrap());
    let config = fs::read_to_string(cluster.kubeconfig()).unwrap();
    let old = "auth-provider: {name: gcp, config: {cmd-path: /bin/touch, cmd-args: ran}}";
    let config = config.replace(&format!("token: {TOKEN}"), old);
    version(write(folder.path(), "config", &config))
        .stdout(plugin_alone())
        .stderr(
            "error: connect to the cluster: auth provider \"gcp\": kubectl no longer has it; \
             use its credential plugin (exec)\n",
        )
        .status(1);
}

#[test]
fn a_client_certificate_logs_in() {
    let cluster = Cluster::start(Transport::Tls);
    let login = cluster.certificate("berta");
    let config = cluster.write_kubeconfig(&[cluster.context("edge").login(login)]);
    cluster.revoke_tokens();
    version(config).stdout(versions()).success();
}

#[test]
fn a_client_certificate_that_cannot_be_read_is_named() {
    let cluster = Cluster::start(Transport::Tls);
    version(cluster.kubeconfig())
        .args([
            "--client-certificate",
            "/nonexistent/crt",
            "--client-key",
            "/nonexistent/key",
        ])
        .stdout(plugin_alone())
        .stderr(
            "error: connect to the cluster: client certificate: \"/nonexistent/crt\": \
             No such file or directory (os error 2)\n",
        )
        .status(1);
}

#[test]
fn an_expired_login_is_told_in_the_servers_word() {
    let cluster = plain();
    cluster.revoke_tokens();
    version(cluster.kubeconfig())
        .stdout(plugin_alone())
        .stderr(
            "error: read the version of the API server: Unauthorized\n\
             hint: log in again, then check with: kubectl auth whoami\n",
        )
        .status(1);
}

#[test]
fn a_refusal_is_told_in_the_servers_sentence() {
    let cluster = plain();
    let why = "User \"ana\" cannot get path \"/version\"";
    let refusal = Refusal::new(403, "Forbidden", format!("forbidden: {why}"));
    cluster.fault(Fault::on("GET", "/version").refuses(&refusal));
    version(cluster.kubeconfig())
        .stdout(plugin_alone())
        .stderr(format!(
            "error: read the version of the API server: forbidden: {why} (TBI-103)\n\
             hint: ask for the right; check with: kubectl auth can-i get /version\n"
        ))
        .status(1);
}

#[test]
fn acting_as_somebody_is_asked_of_the_server() {
    let cluster = plain();
    let output = version(cluster.kubeconfig())
        .args([
            "--as",
            "system:serviceaccount:tracebloc:edge",
            "--as-group",
            "one",
        ])
        .args(["--as-group", "two", "--as-uid", "7", "-v", "7"])
        .output();
    assert_eq!(versions(), output.stdout, "{output:?}");
    let seen = cluster.log()[0].impersonated.clone();
    assert_eq!(
        Some("system:serviceaccount:tracebloc:edge".to_owned()),
        seen
    );
    for header in [
        "impersonate-group: one",
        "impersonate-group: two",
        "impersonate-uid: 7",
    ] {
        assert!(
            output.stderr.contains(header),
            "{header}: {}",
            output.stderr
        );
    }
}

#[test]
fn a_group_without_a_user_is_refused() {
    let cluster = plain();
    version(cluster.kubeconfig())
        .args(["--as-group", "one"])
        .stdout(plugin_alone())
        .stderr(
            "error: connect to the cluster: impersonation: a group or user ID needs a user: pass --as\n",
        )
        .status(1);
    assert_eq!(0, cluster.log().len());
}
