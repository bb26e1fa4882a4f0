//! What a screen shows, `-o json` holds: every word is the screen's own, or comes from a value of the JSON.

use serde_json::Value;

use super::*;

/// The words that the renderer itself writes, in any form of `status`.
const OWN: &str = "
    namespace context chart node nodes no IMAGE TRACKS IN USE LATEST ARCH STATE tracks in use latest arch only
    digests floats none has have It was resolved from this machine, not the cluster. cluster. release
    Refresh every at last run runs failed, failed ok ago, ago next suspended, suspended success yet active active,
    by hand) (by but see (but (log gone with its pod) not readable: readable, no refresh job: image is pinned by digest
    complete: complete Streaks ingestor lookups rollouts ticks skipped this generation does count none:
    alarm after about since (clears itself on the successful lookup) once rollout has settled) when a succeeds)
    (does not clear itself) never fires: its limit is not a number (not
    Egress machine tick resolved all, asked Mirror come comes and compared with public tag Held Marks =
    (leftover, ignored) Unseen Nodes Others refreshed by mechanism: of images image current current. held. All
    but the refresh job does not run are unaffected. Looked up from in Next latest for recorded spec tag pod pods
    container settled on ready not digest, - ? ! x ok : 0 without a nothing settled, config older an template
";

fn words(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::String(text) => all.push(clean(text)),
        Value::Number(number) => all.push(number.to_string()),
        Value::Array(items) => {
            all.push(items.len().to_string());
            for item in items {
                words(item, all);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                all.push(key.clone());
                words(value, all);
            }
        }
        Value::Bool(_) | Value::Null => {}
    }
}

/// The values, and what a screen makes of them: short digests, ages, times, counts, capitals.
fn known(model: &ImageStatus) -> BTreeSet<String> {
    let value = serde_json::to_value(model).unwrap();
    let mut values = Vec::new();
    words(&value, &mut values);
    let observed = model.metadata.observed_at.0;
    let mut known: BTreeSet<String> = BTreeSet::new();
    for value in &values {
        for word in value.split_whitespace() {
            known.insert(word.to_owned());
            known.insert(word.to_uppercase());
            known.insert(word.to_lowercase());
            known.extend(word.split(['/', ':', '(', ')', ',']).map(str::to_owned));
        }
        if let Ok(time) = value.parse::<jiff::Timestamp>() {
            known.insert(age((observed.as_second() - time.as_second()).abs()));
            known.extend(value.split('T').map(|part| part.replace(":00Z", "Z")));
        }
        if let Ok(number) = value.parse::<i64>() {
            known.extend([age(number), format!("{number}ms")]);
            known.insert(format!("{}.{}s", number / 1000, number % 1000 / 100));
        }
        for digest in digests_in(value) {
            known.extend((12..=64).map(|length| digest.hex()[..length].to_owned()));
        }
        if let Some((_, suffix)) = value.rsplit_once('-') {
            known.insert(suffix.to_owned());
        }
    }
    for arch in model.nodes.iter().flatten().map(|node| &node.arch) {
        let of_arch = model
            .nodes
            .iter()
            .flatten()
            .filter(|node| node.arch == *arch);
        known.insert(of_arch.count().to_string());
    }
    known
}

#[test]
fn nothing_on_the_screen_is_missing_in_the_json() {
    let own: BTreeSet<_> = OWN.split_whitespace().collect();
    for (name, case) in fixtures::all() {
        // Foreign words that stand for nothing else are all alike there.
        let model = case.model();
        let known = known(&model);
        let is_known = |word: &str| word.is_empty() || own.contains(word) || known.contains(word);
        for form in [Form::Table, Form::Wide] {
            let view = View {
                form,
                width: None,
                ..PAGE
            };
            let text = status(&model, &view, &Theme::plain().with_glyphs(Glyphs::ASCII));
            for line in text.lines() {
                for word in line.split_whitespace() {
                    let bare = word.trim_matches(|c| ",.:;()\"".contains(c));
                    let parts = bare.split(['/', ':', '(', ')']);
                    assert!(
                        is_known(word) || is_known(bare) || parts.clone().all(is_known),
                        "{name}: {word:?} in {line:?}"
                    );
                }
            }
        }
    }
}
