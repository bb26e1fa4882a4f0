//! What a screen shows, `-o json` holds: every word is the screen's own, or comes from a value of the JSON.

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

fn known(model: &ImageStatus) -> BTreeSet<String> {
    let document = serde_json::to_value(model).unwrap();
    let mut known = fixtures::known(&document, model.metadata.observed_at.0);
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
    for (name, case) in fixtures::all() {
        let model = case.model();
        let known = known(&model);
        for form in [Form::Table, Form::Wide] {
            let view = View {
                form,
                width: None,
                ..PAGE
            };
            let text = status(&model, &view, &Theme::plain().with_glyphs(Glyphs::ASCII));
            let unfounded = fixtures::unfounded(&text, &known, OWN);
            assert_eq!(Vec::<(String, String)>::new(), unfounded, "{name}");
        }
    }
}
