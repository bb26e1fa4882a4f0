//! What goes wrong between a client and this server, as an ordered list of rules.
//!
//! Each rule counts the requests that match it and acts on some of them. A delay and a hook let
//! the later rules act too; everything else ends the request.

use std::sync::Arc;
use std::time::Duration;

use super::refusal::Refusal;
use super::store::Store;

/// What a rule does.
#[derive(Clone)]
pub(crate) enum Act {
    Delay(Duration),
    /// No answer, ever; the connection stays open.
    Hang,
    /// The connection is reset and the server did nothing.
    ResetBefore,
    /// The server does what was asked, and the answer is lost by a reset.
    ResetAfter,
    /// The server does what was asked; half of the answer arrives.
    Truncate,
    /// The server does nothing and answers this.
    Answer(Canned),
    /// The server does nothing and answers 200 with a JSON body of so many bytes.
    Flood(usize),
    /// After the server has done what was asked, and before the client learns it.
    Then(Arc<dyn Fn(&mut Store) + Send + Sync>),
}

/// An answer made up by a rule.
#[derive(Clone)]
pub(crate) struct Canned {
    pub(crate) code: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
    /// Seconds; `None` sends no `Retry-After`.
    pub(crate) retry_after: Option<u32>,
}

/// A rule.
pub(crate) struct Fault {
    method: String,
    part: String,
    /// The first matching request it acts on, from 1.
    nth: usize,
    /// `None` for every matching request from the nth on.
    times: Option<usize>,
    act: Act,
    matched: usize,
}

impl Fault {
    /// Acts on every request with this method (empty: any) whose path, `?` and query contain
    /// `part`. Says nothing yet about what goes wrong: without more, the request hangs.
    pub(crate) fn on(method: &str, part: &str) -> Self {
        Self {
            method: method.to_owned(),
            part: part.to_owned(),
            nth: 1,
            times: None,
            act: Act::Hang,
            matched: 0,
        }
    }

    /// Only from the nth matching request on, counted from 1.
    pub(crate) fn starting_at(self, nth: usize) -> Self {
        Self { nth, ..self }
    }

    /// Only so many times.
    pub(crate) fn times(self, times: usize) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    pub(crate) fn does(self, act: Act) -> Self {
        Self { act, ..self }
    }

    /// Refuses with a `metav1.Status`.
    pub(crate) fn refuses(self, refusal: &Refusal) -> Self {
        self.does(Act::Answer(Canned {
            code: refusal.code,
            content_type: "application/json".to_owned(),
            body: refusal.status().to_string(),
            retry_after: None,
        }))
    }

    /// Refuses for now, with `Retry-After` in seconds, as an overloaded server does.
    pub(crate) fn throttles(self, code: u16, seconds: u32) -> Self {
        let (reason, message) = match code {
            429 => (
                "TooManyRequests",
                "the server has received too many requests and has asked us to try again later",
            ),
            _ => (
                "ServiceUnavailable",
                "the server is currently unable to handle the request",
            ),
        };
        self.does(Act::Answer(Canned {
            code,
            content_type: "application/json".to_owned(),
            body: Refusal::new(code, reason, message).status().to_string(),
            retry_after: Some(seconds),
        }))
    }

    /// Answers with something that is not the API's: a login page, garbage.
    pub(crate) fn sends(self, code: u16, content_type: &str, body: &str) -> Self {
        self.does(Act::Answer(Canned {
            code,
            content_type: content_type.to_owned(),
            body: body.to_owned(),
            retry_after: None,
        }))
    }

    /// Lets the request through and then changes the cluster, before the client has its answer.
    pub(crate) fn then(self, hook: impl Fn(&mut Store) + Send + Sync + 'static) -> Self {
        self.does(Act::Then(Arc::new(hook)))
    }

    fn meets(&mut self, method: &str, target: &str) -> bool {
        if !(self.method.is_empty() || self.method == method) || !target.contains(&self.part) {
            return false;
        }
        self.matched += 1;
        let before = self.matched.checked_sub(self.nth);
        before.is_some_and(|acted| self.times.is_none_or(|times| acted < times))
    }
}

/// All rules, in the order in which they were given.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Vec<Fault>,
    served: usize,
    cut_after: Option<usize>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.rules.push(fault);
    }

    /// Removes all rules.
    pub(crate) fn heal(&mut self) {
        *self = Self::default();
    }

    /// Serves so many more requests of any kind, then resets every connection at each request.
    pub(crate) fn cut_after(&mut self, requests: usize) {
        self.served = 0;
        self.cut_after = Some(requests);
    }

    /// What happens to this request. Every rule that matches counts it.
    pub(crate) fn meet(&mut self, method: &str, target: &str) -> Vec<Act> {
        self.served += 1;
        if self.cut_after.is_some_and(|served| self.served > served) {
            return vec![Act::ResetBefore];
        }
        let rules = self.rules.iter_mut();
        rules
            .filter_map(|rule| rule.meets(method, target).then(|| rule.act.clone()))
            .collect()
    }
}
