//! An answer while it is being made: honest or not, and how it ends.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::body::{Body, Bytes, Frame};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};

use super::wire::{End, Link};

pub(super) type Reply = Response<BoxBody<Bytes, Infallible>>;

/// How the body comes to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ending {
    Whole,
    /// Half of it, then the connection ends so.
    Half(End),
    /// Again and again.
    Never,
}

#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) ending: Ending,
}

impl Page {
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            ..Self::empty(status).with(CONTENT_TYPE, content_type)
        }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            ending: Ending::Whole,
        }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// An error as the OCI distribution specification words it.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(
            status,
            &json!({ "errors": [{ "code": code, "message": message }] }),
        )
    }

    pub(super) fn set(&mut self, name: HeaderName, value: &str) {
        let value = HeaderValue::from_str(value).expect("the simulation writes only legal headers");
        self.headers.insert(name, value);
    }

    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// The answer to send; a HEAD keeps the length of what a GET would bring.
    pub(super) fn reply(self, method: &str, link: &Arc<Link>) -> Reply {
        let length = self.body.len();
        let body = match self.ending {
            _ if method == "HEAD" => Full::default().boxed(),
            Ending::Whole => Full::new(self.body).boxed(),
            Ending::Half(end) => {
                let half = self.body.slice(..length / 2);
                Cut {
                    rest: Some(half),
                    end,
                    link: Arc::clone(link),
                    flushed: false,
                }
                .boxed()
            }
            Ending::Never => Endless(self.body).boxed(),
        };
        let mut reply = Response::new(body);
        *reply.status_mut() = StatusCode::from_u16(self.status).expect("a status of three digits");
        *reply.headers_mut() = self.headers;
        if self.ending != Ending::Never {
            reply
                .headers_mut()
                .insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        reply
    }
}

/// The half of a body, then the end of its connection.
struct Cut {
    rest: Option<Bytes>,
    end: End,
    link: Arc<Link>,
    flushed: bool,
}

impl Body for Cut {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(half) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if self.flushed {
            self.link.cut(self.end);
        } else {
            // The server flushes what it has when the body is not ready.
            self.flushed = true;
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

struct Endless(Bytes);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(self.0.clone()))))
    }
}
