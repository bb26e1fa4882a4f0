//! Ready-made sites: what `status` finds there, as facts from JSON and as a page in `screens`.

mod blocked;
mod halted;
mod still;

use super::*;
use crate::world::sim::release::scenarios;

/// Holds what is found at a site to its facts, and the screen to its page.
fn hold(name: &str, what: &str, site: &Site, want: &[&str]) -> Value {
    screen(name, what, &page(site, &[]));
    let document = document(site, &[]);
    assert_eq!(facts(&document), want, "{name}");
    document
}
