//! Several releases, as kubectl wraps several objects: `-A`, `--contexts`, and a namespace that holds more than one.

use serde::Serialize;

use super::{API_VERSION, Counts, Event, ImageStatus, Incomplete, Next, Time};
use crate::codes::Code;
use crate::error::{Error, Exit};
use crate::fleet::{self, Unseen};
use crate::health::{Outcome, State};
use crate::observation::Observation;
use crate::shell::word;
use crate::text::{QUOTED, printable};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fleet {
    api_version: &'static str,
    kind: &'static str,
    pub(crate) summary: Summary,
    /// Those that were looked at, in the order in which they were named.
    pub(crate) contexts: Vec<Context>,
    /// Worst first.
    pub(crate) items: Vec<Item>,
    /// Where nobody looked.
    pub(crate) incomplete: Vec<Incomplete>,
    pub(crate) next: Vec<Next>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// The worst of all.
    pub(crate) state: State,
    /// What `--exit-code` gives.
    pub(crate) exit_code: u8,
    /// Each release under its worst state; a context that cannot be reached is none.
    pub(crate) releases: Counts,
    pub(crate) unreachable: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Context {
    pub(crate) name: String,
    /// `None` where it could not be reached.
    pub(crate) releases: Option<usize>,
    /// The context before this one that leads to the same cluster: its releases stand there.
    pub(crate) same_as: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Item {
    Release(Box<ImageStatus>),
    Unreachable(Unreachable),
}

/// A context whose cluster did not answer, or refused what a look cannot do without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unreachable {
    api_version: &'static str,
    kind: &'static str,
    /// `None` outside `-w`.
    pub(crate) event: Option<Event>,
    pub(crate) metadata: Nameless,
    summary: UnknownSummary,
    pub(crate) code: Option<Code>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// As a release's, so that a script which goes through all items finds the same keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Nameless {
    name: Option<String>,
    namespace: Option<String>,
    pub(crate) context: String,
    observed_at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct UnknownSummary {
    state: State,
    exit_code: u8,
}

/// A release while its place is sought.
struct Placed {
    state: State,
    status: Box<ImageStatus>,
}

impl Fleet {
    /// `judge` says what a release means, if it was asked for; of all that count, `keep` chooses those that are shown.
    pub(crate) fn new(
        seen: &mut fleet::Fleet,
        judge: impl Fn(&Observation) -> Option<ImageStatus>,
        keep: impl Fn(&ImageStatus) -> bool,
    ) -> Self {
        let contexts: Vec<_> = seen.members.iter().map(Context::new).collect();
        let incomplete = seen.members.iter().flat_map(|member| {
            let unseen = member.seen.iter().flat_map(|overview| &overview.unseen);
            unseen.map(|unseen| Incomplete::of_place(&member.context, contexts.len(), unseen))
        });
        let incomplete: Vec<_> = incomplete.collect();
        let mut placed = Vec::new();
        let mut all = Vec::new();
        seen.each(|seen| {
            let Some(status) = judge(seen) else { return };
            all.push(status.state());
            if keep(&status) {
                placed.push(Placed::new(status));
            }
        });
        let unreachable = seen.members.iter().filter_map(|member| {
            let error = member.seen.as_ref().err()?;
            Some(Unreachable::new(&member.context, error))
        });
        Self::of(placed, all, unreachable.collect(), contexts, incomplete)
    }

    /// How many releases there are, whichever of them were asked for.
    pub(crate) fn found(&self) -> usize {
        let contexts = self.contexts.iter();
        contexts.filter_map(|context| context.releases).sum()
    }

    /// The releases of one namespace.
    pub(crate) fn of_namespace(statuses: Vec<ImageStatus>) -> Self {
        let all = statuses.iter().map(ImageStatus::state).collect();
        let context = statuses.first().map(|status| Context {
            name: status.metadata.context.clone(),
            releases: Some(statuses.len()),
            same_as: None,
        });
        Self::of(
            statuses.into_iter().map(Placed::new).collect(),
            all,
            Vec::new(),
            context.into_iter().collect(),
            Vec::new(),
        )
    }

    fn of(
        mut placed: Vec<Placed>,
        all: Vec<State>,
        unreachable: Vec<Unreachable>,
        contexts: Vec<Context>,
        incomplete: Vec<Incomplete>,
    ) -> Self {
        placed.sort_by(|a, b| a.key().cmp(&b.key()));
        let worst = all.iter().copied().min();
        let worst = worst
            .into_iter()
            .chain((!unreachable.is_empty()).then_some(State::Unknown))
            .min();
        let next = placed
            .first()
            .filter(|first| first.is_wanting())
            .map(|first| first.next(contexts.len()));
        // Whoever is not reached is as little known as the least known release.
        let place = placed.partition_point(|one| one.state <= State::Unknown);
        let own = placed.iter().map(|one| one.status.summary.exit_code);
        let own = own.filter_map(Exit::of_code).max();
        let (count, mut items) = (unreachable.len(), Vec::new());
        let mut releases = placed.into_iter().map(|one| Item::Release(one.status));
        items.extend(releases.by_ref().take(place));
        items.extend(unreachable.into_iter().map(Item::Unreachable));
        items.extend(releases);
        let mut fleet = Self {
            api_version: API_VERSION,
            kind: "List",
            summary: Summary {
                state: worst.unwrap_or(State::Current),
                exit_code: 0,
                releases: Counts::of_states(all.into_iter()),
                unreachable: count,
            },
            contexts,
            items,
            incomplete,
            next: next.into_iter().collect(),
        };
        fleet.summary.exit_code = own.unwrap_or(Exit::Done).max(fleet.reach()).code();
        fleet
    }

    /// Whether everything was looked at that was asked for.
    pub(crate) const fn reach(&self) -> Exit {
        let unreachable = self.summary.unreachable;
        if unreachable > 0 && unreachable == self.contexts.len() {
            Exit::Failed
        } else if unreachable > 0 || !self.incomplete.is_empty() {
            Exit::Incomplete
        } else {
            Exit::Done
        }
    }
}

impl Placed {
    fn new(status: ImageStatus) -> Self {
        let is_silent = status.silence() == Some(Outcome::Fail);
        let silent = is_silent.then_some(State::Broken);
        Self {
            // What no alarm ever tells is shown as loudly as what is broken.
            state: silent.into_iter().fold(status.state(), State::min),
            status: Box::new(status),
        }
    }

    fn key(&self) -> (State, &str, &str, &str) {
        let metadata = &self.status.metadata;
        (
            self.state,
            &metadata.context,
            &metadata.namespace,
            &metadata.name,
        )
    }

    const fn is_wanting(&self) -> bool {
        !matches!(self.state, State::Current | State::Held | State::Mirrored)
    }

    fn next(&self, contexts: usize) -> Next {
        let metadata = &self.status.metadata;
        let context = match contexts {
            0 | 1 => String::new(),
            _ => format!(" --context {}", word(&metadata.context)),
        };
        Next {
            command: format!(
                "kubectl tracebloc-images status -n {}{context}",
                word(&metadata.namespace)
            ),
            why: format!("see what is the matter with {}", metadata.name),
        }
    }
}

impl Context {
    fn new(member: &fleet::Member) -> Self {
        Self {
            name: member.context.clone(),
            releases: member
                .seen
                .as_ref()
                .ok()
                .map(|overview| overview.releases.len()),
            same_as: member.same_as.clone(),
        }
    }
}

impl Incomplete {
    /// `namespace tb-eu`, and of which context where there are several.
    fn of_place(context: &str, contexts: usize, unseen: &Unseen) -> Self {
        let place = unseen.namespace.as_ref().map_or_else(
            || "all other namespaces".to_owned(),
            |name| format!("namespace {name}"),
        );
        Self {
            what: match contexts {
                1 => place,
                _ => format!("{context}: {place}"),
            },
            reason: unseen.why.0.clone(),
        }
    }
}

impl Unreachable {
    fn new(context: &str, error: &Error) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "UnreachableContext",
            event: None,
            metadata: Nameless {
                name: None,
                namespace: None,
                context: context.to_owned(),
                observed_at: None,
            },
            summary: UnknownSummary {
                state: State::Unknown,
                exit_code: Exit::Incomplete.code(),
            },
            code: error.code(),
            message: printable(&error.to_string(), QUOTED),
            hint: error.hint(),
        }
    }
}
