//! What a flag does to the answer: forms, columns, filters, exit codes.

use super::*;
use crate::world::sim::release::Generation::{G2, G3, G10};
use crate::world::sim::release::scenarios;

fn incident() -> Site {
    stocked(|stock| scenarios::incident_g2(stock.latest, stock.old_ingestor, stock.now))
}

#[test]
fn each_state_has_its_exit_code_and_no_flag_means_zero() {
    let g10 = Release::new(G10);
    for (what, site, code) in [
        ("current and held", healthy_site(G10), 0),
        ("current", healthy_site(G2), 0),
        ("floats", healthy_site(G3), 0),
        (
            "mirrored",
            stocked(|stock| scenarios::mirrored_g8(stock.latest, stock.now)),
            0,
        ),
        (
            "stale",
            stocked(|stock| scenarios::stale(&g10, stock.before, stock.now)),
            4,
        ),
        (
            "frozen",
            stocked(|stock| scenarios::suspended(&g10, stock.latest, stock.now)),
            4,
        ),
        ("stuck", incident(), 3),
        (
            "broken",
            stocked(|stock| scenarios::warned_g2(stock.latest, stock.old_ingestor, 1, stock.now)),
            3,
        ),
        (
            "stale and silent",
            stocked(|stock| scenarios::docker_blocked(&g10, stock.before, stock.now)),
            3,
        ),
    ] {
        for args in [
            &["--exit-code"][..],
            &["--exit-code", "-o", "short"],
            &["-q"],
            &["--quiet", "-o", "json"],
        ] {
            let output = status(&site, args).output();
            assert_eq!(
                (output.code, output.stderr.as_str()),
                (Some(code), ""),
                "{what} {args:?}"
            );
            assert_eq!(
                output.stdout.is_empty(),
                args[0].contains('q'),
                "{what} {args:?}"
            );
        }
        assert_eq!(status(&site, &[]).output().code, Some(0), "{what}");
        assert_eq!(document(&site, &[])["summary"]["exitCode"], code, "{what}");
    }
}

#[test]
fn unknown_is_five_and_gives_way_to_what_was_found() {
    let site = healthy_site(G10);
    assert_eq!(
        status(&site, &["--offline", "--exit-code"]).output().code,
        Some(5)
    );
    // What the counter says is known without any registry.
    assert_eq!(
        status(&incident(), &["--offline", "-q"]).output().code,
        Some(3)
    );
}

#[test]
fn images_and_states_choose_rows_and_never_the_verdict() {
    let site = incident();
    for (args, names) in [
        (&["ingestor"][..], &["ingestor"][..]),
        (
            &["pods-monitor", "jobs-manager"],
            &["jobs-manager", "pods-monitor"],
        ),
        (&["--state", "stuck"], &["ingestor"]),
        (&["--state", "BROKEN,stale"], &["ingestor"]),
        (&["--state", "current"], &["jobs-manager", "pods-monitor"]),
        (&["--state", "current", "ingestor"], &[]),
        (&["resource-monitor"], &[]),
    ] {
        let seen = document(&site, args);
        let rows: Vec<_> = items(&seen["images"])
            .iter()
            .map(|image| text(&image["name"]))
            .collect();
        assert_eq!(rows, names, "{args:?}");
        assert_eq!(
            (&seen["summary"]["state"], &seen["summary"]["exitCode"]),
            (&json!("stuck"), &json!(3)),
            "{args:?}"
        );
        let about: Vec<_> = items(&seen["findings"])
            .iter()
            .filter_map(|finding| finding["image"].as_str())
            .collect();
        assert!(
            about.iter().all(|name| names.contains(name)),
            "{args:?}: {about:?}"
        );
    }
    let frozen = altered_site(G10, |scene| {
        scene.object_mut("CronJob", NS, "berlin-image-refresh")["spec"]["suspend"] = true.into();
    });
    let rows = |args: &[&str]| items(&document(&frozen, args)["images"]).len();
    assert_eq!(
        rows(&[]),
        rows(&["--state", "frozen"]),
        "the release is frozen"
    );
    assert_eq!(1, rows(&["--state", "frozen", "ingestor"]));
    let covered = document(&healthy_site(G10), &["requests-proxy"]);
    assert_eq!(items(&covered["images"]).len(), 1);
    assert_eq!(covered["images"][0]["name"], "jobs-manager");
}

#[test]
fn the_line_of_names_can_be_left_out() {
    let site = incident();
    let named = page(&site, &[]);
    let bare = page(&site, &["--no-headers"]);
    let is_names = |line: &&str| line.trim_start().starts_with("IMAGE ");
    assert_eq!(named.lines().filter(is_names).count(), 1);
    let rest: Vec<_> = named.lines().filter(|line| !is_names(line)).collect();
    assert_eq!(timeless(&bare), timeless(&rest.join("\n")));
}

#[test]
fn digests_stand_short_or_in_full() {
    let site = incident();
    let short = page(&site, &[]);
    let full = page(&site, &["--no-trunc"]);
    let hex = site.latest.ingestor.strip_prefix("sha256:").unwrap();
    let row = |page: &str| {
        page.lines()
            .find(|line| line.starts_with("✖  ingestor"))
            .unwrap()
            .to_owned()
    };
    assert!(
        row(&short).contains(&hex[..12]) && !row(&short).contains(&hex[..13]),
        "{short}"
    );
    assert!(
        row(&full).contains(&site.latest.ingestor) && row(&full).contains(&site.old_ingestor),
        "{full}"
    );
}

#[test]
fn short_is_one_line_per_release() {
    for (site, want) in [
        (
            incident(),
            "✖ tracebloc/berlin STUCK ingestor 3/3 ghcr.io (chart 1.4.5)\n",
        ),
        (
            healthy_site(G10),
            "✔ tracebloc/berlin current (chart 1.9.51)\n",
        ),
    ] {
        status(&site, &["-o", "short"]).stdout(want).success();
    }
}

#[test]
fn yaml_is_the_same_document_as_json() {
    let site = incident();
    let json = without_times(document(&site, &[]));
    let yaml: Value = serde_saphyr::from_str(&page(&site, &["-o", "yaml"])).unwrap();
    assert_eq!(without_times(yaml), json);
}

/// A document without what a second look may see otherwise.
fn without_times(mut document: Value) -> Value {
    document["lookup"]["tookMs"] = Value::Null;
    for way in document["egress"].as_array_mut().unwrap() {
        way["workstation"]["latencyMs"] = Value::Null;
    }
    document
}

#[test]
fn wide_opens_every_group() {
    screen(
        "incident_wide",
        "The incident with every group opened",
        &page(&incident(), &["-o", "wide"]),
    );
}

#[test]
fn ascii_is_ascii() {
    let site = incident();
    for (what, plugin) in [
        ("--ascii", status(&site, &["--ascii", "-o", "wide"])),
        (
            "TERM=dumb",
            status(&site, &["-o", "wide"]).env("TERM", "dumb"),
        ),
        (
            "a locale that is not UTF-8",
            status(&site, &["-o", "wide"]).env("LC_ALL", "C"),
        ),
    ] {
        let output = plugin.output();
        assert!(output.stdout.is_ascii(), "{what}: {}", output.stdout);
        assert!(
            output.stdout.contains("\nx   ingestor") || output.stdout.contains("\nx  ingestor"),
            "{what}: {}",
            output.stdout
        );
    }
}

#[test]
fn colour_is_asked_for_and_changes_no_letter() {
    let site = incident();
    for (what, args, env, coloured) in [
        ("a pipe", &[][..], &[][..], false),
        ("always", &["--color", "always"], &[], true),
        (
            "never against a wish",
            &["--color", "never"],
            &[("CLICOLOR_FORCE", "1")],
            false,
        ),
        ("forced", &[], &[("CLICOLOR_FORCE", "1")], true),
        ("forced otherwise", &[], &[("FORCE_COLOR", "1")], true),
        (
            "forbidden wins over forced",
            &[],
            &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")],
            false,
        ),
        (
            "an empty prohibition is none",
            &[],
            &[("NO_COLOR", ""), ("FORCE_COLOR", "1")],
            true,
        ),
        (
            "asked for on the command line wins over all",
            &["--color", "always"],
            &[("NO_COLOR", "1")],
            true,
        ),
    ] {
        let plugin = env
            .iter()
            .fold(status(&site, args), |plugin, (name, value)| {
                plugin.env(name, value)
            });
        let output = plugin.output();
        assert_eq!(output.stdout.contains('\u{1b}'), coloured, "{what}");
        assert_clean(&output);
        let bare = without_colours(&output.stdout);
        let plain = page(&site, &["--color", "never"]);
        assert_eq!(timeless(&bare), timeless(&plain), "{what}");
    }
    for form in ["json", "yaml"] {
        assert!(
            !page(&site, &["-o", form, "--color", "always"]).contains('\u{1b}'),
            "{form}"
        );
    }
}

#[test]
fn a_reader_that_has_left_is_not_an_error() {
    let site = incident();
    for form in ["table", "wide", "json", "yaml", "short"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = status(&site, &["-o", form])
            .command()
            .stdout(writer)
            .output()
            .unwrap();
        assert_eq!(
            (output.status.code(), &output.stderr[..]),
            (Some(0), &b""[..]),
            "{form}"
        );
    }
}
