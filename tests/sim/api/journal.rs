//! What arrived: every request, in order, with what was answered and when.

use std::time::{Duration, Instant};

use serde_json::Value;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) method: String,
    /// Path, `?` and query; the `?` is there without a query too, so that `"/pods?"` names the
    /// list and not the objects.
    pub(crate) target: String,
    pub(crate) user_agent: String,
    /// `None` when nobody is impersonated.
    pub(crate) impersonated: Option<String>,
    pub(crate) body: String,
    /// Which connection it came on, from 0.
    pub(crate) connection: usize,
    /// `None` when no answer was sent: a hang, a reset.
    pub(crate) status: Option<u16>,
    arrived: Duration,
    /// When the answer began; `None` like `status`.
    answered: Option<Duration>,
}

impl Logged {
    pub(crate) fn new(
        (method, target): (&str, &str),
        user_agent: &str,
        impersonated: Option<&str>,
        body: &[u8],
        connection: usize,
    ) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            user_agent: user_agent.to_owned(),
            impersonated: impersonated.map(str::to_owned),
            body: String::from_utf8_lossy(body).into_owned(),
            connection,
            status: None,
            arrived: Duration::ZERO,
            answered: None,
        }
    }

    /// Whether it is a request with this method (empty: any) and this text in its target.
    pub(crate) fn is(&self, method: &str, part: &str) -> bool {
        (method.is_empty() || self.method == method) && self.target.contains(part)
    }

    /// The body as JSON, `Null` when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

pub(crate) struct Journal {
    began: Instant,
    entries: Vec<Logged>,
    connections: usize,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            entries: Vec::new(),
            connections: 0,
        }
    }

    pub(crate) fn connect(&mut self) -> usize {
        self.connections += 1;
        self.connections - 1
    }

    /// Notes a request and returns its place in the journal.
    pub(crate) fn arrive(&mut self, mut request: Logged) -> usize {
        request.arrived = self.began.elapsed();
        self.entries.push(request);
        self.entries.len() - 1
    }

    pub(crate) fn answer(&mut self, place: usize, status: u16) {
        let entry = &mut self.entries[place];
        entry.status = Some(status);
        entry.answered = Some(self.began.elapsed());
    }

    pub(crate) fn entries(&self) -> &[Logged] {
        &self.entries
    }
}

/// How many of these requests had to wait for one another: the length of the longest chain in
/// which each request arrived after the one before it was answered. Requests that overlap in time
/// are one round; give every request a delay, so that those sent together do overlap.
pub(crate) fn rounds<'a>(requests: impl IntoIterator<Item = &'a Logged>) -> usize {
    let mut spans: Vec<_> = requests
        .into_iter()
        .filter_map(|request| Some((request.answered?, request.arrived)))
        .collect();
    spans.sort();
    let mut rounds = 0;
    let mut free_from = Duration::ZERO;
    for (answered, arrived) in spans {
        if rounds == 0 || arrived >= free_from {
            rounds += 1;
            free_from = answered;
        }
    }
    rounds
}
