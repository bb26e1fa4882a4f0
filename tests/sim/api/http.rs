//! HTTP: from a connection to an answer, with whatever the fault rules do on the way.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::{HeaderMap, Request, Response};
use serde_json::Value;

use super::Site;
use super::faults::{Act, Canned};
use super::journal::Logged;
use super::refusal::Refusal;
use super::routes;
use super::wire::Connection;

/// A request, read to its end.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// `None` when the query has no such parameter, or an empty one.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn has(&self, parameter: &str) -> bool {
        matches!(self.parameter(parameter), Some("1" | "true"))
    }

    /// `None` when the query has no such parameter or it is not a number.
    pub(crate) fn number(&self, parameter: &str) -> Option<u64> {
        self.parameter(parameter)?.parse().ok()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as an object of the API.
    pub(crate) fn object(&self) -> Result<Value, Refusal> {
        let content_type = self.header("content-type").unwrap_or_default();
        if !matches!(content_type, "" | "*/*" | "application/json") {
            return Err(Refusal::new(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: \
                 application/json",
            ));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            Refusal::bad_request(format!("the object provided is unrecognized: {error}"))
        })
    }
}

pub(crate) type Chunks = BoxStream<'static, io::Result<Bytes>>;

/// What is sent back.
pub(crate) struct Answer {
    pub(crate) code: u16,
    content_type: String,
    retry_after: Option<u32>,
    body: Body,
}

enum Body {
    Whole(Bytes),
    Stream(Chunks),
}

impl Answer {
    pub(crate) fn new(code: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            code,
            content_type: content_type.to_owned(),
            retry_after: None,
            body: Body::Whole(body.into()),
        }
    }

    pub(crate) fn json(code: u16, body: &Value) -> Self {
        Self::new(code, "application/json", body.to_string())
    }

    pub(crate) fn refusal(refusal: &Refusal) -> Self {
        Self::json(refusal.code, &refusal.status())
    }

    /// An answer that goes on: a watch, a followed log.
    pub(crate) fn stream(content_type: &str, chunks: Chunks) -> Self {
        Self {
            body: Body::Stream(chunks),
            ..Self::new(200, content_type, Bytes::new())
        }
    }

    fn canned(canned: Canned) -> Self {
        Self {
            retry_after: canned.retry_after,
            ..Self::new(canned.code, &canned.content_type, canned.body)
        }
    }

    fn flood(bytes: usize) -> Self {
        const CHUNK: usize = 64 * 1024;
        let chunk = Bytes::from(vec![b'x'; CHUNK]);
        let open = Bytes::from_static(b"{\"padding\":\"");
        let close = Bytes::from_static(b"\"}");
        let padding = stream::repeat(chunk).take(bytes.div_ceil(CHUNK));
        let chunks = stream::iter([open])
            .chain(padding)
            .chain(stream::iter([close]));
        Self::stream("application/json", chunks.map(Ok).boxed())
    }
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
pub(crate) struct Cut;

type Sent = Response<StreamBody<BoxStream<'static, io::Result<Frame<Bytes>>>>>;

/// Serves one request.
pub(crate) async fn serve(
    site: Arc<Site>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Sent, Cut> {
    let (head, body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default();
    let target = format!("{}?{query}", head.uri.path());
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let mut call = Call {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: pairs(&target),
        headers: HeaderMap::new(),
        body,
    };
    let arrived = Logged::new(
        (&call.method, &target),
        text("user-agent").unwrap_or_default(),
        text("impersonate-user"),
        &call.body,
        connection.id,
    );
    call.headers = head.headers;

    let (place, acts) = site.act(|state| {
        let acts = state.faults.meet(&call.method, &target);
        (state.journal.arrive(arrived), acts)
    });
    let answer = answer(&site, &connection, &call, acts).await?;
    let date = site.act(|state| {
        state.journal.answer(place, answer.code);
        state.store.clock.http_date()
    });
    Ok(send(answer, &date))
}

/// What the server does about a request, and what the fault rules make of that.
async fn answer(
    site: &Arc<Site>,
    connection: &Connection,
    call: &Call,
    acts: Vec<Act>,
) -> Result<Answer, Cut> {
    let mut later = Vec::new();
    for act in acts {
        match act {
            Act::Delay(duration) => tokio::time::sleep(duration).await,
            Act::Hang => std::future::pending().await,
            Act::ResetBefore => return Err(reset(connection)),
            Act::Answer(canned) => return Ok(Answer::canned(canned)),
            Act::Flood(bytes) => return Ok(Answer::flood(bytes)),
            Act::ResetAfter | Act::Truncate | Act::Then(_) => later.push(act),
        }
    }
    let user = connection.user.as_deref();
    let mut answer = routes::answer(site, user, call);
    for act in later {
        match act {
            Act::Then(hook) => site.act(|state| hook(&mut state.store)),
            Act::Truncate => answer.body = truncated(answer.body),
            _ => return Err(reset(connection)),
        }
    }
    Ok(answer)
}

fn reset(connection: &Connection) -> Cut {
    connection.reset.store(true, Ordering::Relaxed);
    Cut
}

/// Half of the body, and then the connection breaks.
fn truncated(body: Body) -> Body {
    let half = match body {
        Body::Whole(bytes) => bytes.slice(..bytes.len() / 2),
        Body::Stream(_) => Bytes::new(),
    };
    let broken = async {
        // One turn for the half to be written before the connection goes.
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    };
    let chunks = stream::iter([Ok(half)]).chain(stream::once(broken));
    Body::Stream(chunks.boxed())
}

fn send(answer: Answer, date: &str) -> Sent {
    let mut response = Response::builder()
        .status(answer.code)
        .header("content-type", answer.content_type)
        .header("date", date);
    if let Some(seconds) = answer.retry_after {
        response = response.header("retry-after", seconds);
    }
    let chunks = match answer.body {
        Body::Whole(bytes) => {
            response = response.header("content-length", bytes.len());
            stream::iter([Ok(bytes)]).boxed()
        }
        Body::Stream(chunks) => chunks,
    };
    let frames = chunks.map(|chunk| chunk.map(Frame::data)).boxed();
    response
        .body(StreamBody::new(frames))
        .expect("the parts of an answer are valid")
}

/// The parameters of a query, decoded.
fn pairs(target: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://sim{target}"));
    url.map_or(Vec::new(), |url| url.query_pairs().into_owned().collect())
}
