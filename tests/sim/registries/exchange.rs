//! One request and its answer: noted, put through the faults, answered.

use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;

use super::altered;
use super::forged;
use super::hostile::{self, Act};
use super::page::{Page, Reply};
use super::question::Question;
use super::rules::{Asked, Kind};
use super::site;
use super::traffic::{Seen, Way};
use super::wire::End;
use super::world::{Connection, Scheme};

/// Answers as the host does, or as its faults make it.
pub(super) async fn answer(connection: &Arc<Connection>, request: Request<Incoming>) -> Reply {
    let world = &connection.world;
    let (head, _) = request.into_parts();
    let method = head.method.as_str();
    let number = world.traffic.arrived(Seen {
        at: world.traffic.elapsed(),
        scheme: connection.scheme.word(),
        host: connection.host.clone(),
        method: method.to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers.clone(),
        connection: connection.number,
        alpn: connection.alpn.clone(),
        way: connection.way,
        status: None,
    });
    let question = Question::read(
        world,
        &connection.host,
        method,
        head.uri.path(),
        head.uri.query(),
    );
    let page = page(connection, &question, &head.headers).await;
    world.traffic.answered(number, page.status);
    page.reply(method, &connection.link)
}

async fn page(connection: &Connection, question: &Question, headers: &hyper::HeaderMap) -> Page {
    let world = &connection.world;
    let faults = world.rules.acting(&Asked {
        host: &question.host,
        method: &question.method,
        kind: question.kind,
        repositories: &question.repositories,
    });
    let mut alterations = Vec::new();
    for acting in faults {
        match hostile::act(world, question, headers, &acting.fault) {
            Act::Answer(page) => return page,
            Act::Wait(time) => tokio::time::sleep(time).await,
            Act::Hang => {
                world.rules.healed(acting.rule).await;
                connection.link.cut(End::Close);
                std::future::pending::<()>().await;
            }
            Act::Alter => alterations.push(acting.fault),
        }
    }
    let mut page = if connection.scheme == Scheme::Http && connection.way == Way::Proxy {
        site::to_https(question)
    } else {
        site::answer(world, question, headers)
    };
    for fault in alterations {
        page = match fault.concerns() {
            Some(Kind::Manifest) => forged::forge(world, question, headers, page, &fault),
            _ => altered::alter(page, &fault),
        };
    }
    page
}
