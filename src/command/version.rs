//! `version`: the plugin's, and the API server's if it may be asked.

use serde_json::json;

use crate::cli::{self, PlainFormat};
use crate::cluster::connect::connect;
use crate::error::{Error, Exit};
use crate::terminal;

const PLUGIN: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// What is known of the API server's version.
enum Server {
    NotAsked,
    Answered(String),
    Failed(Error),
}

/// Asks nobody.
pub(crate) fn client(format: PlainFormat) -> Result<Exit, Error> {
    terminal::print(&page(format, &Server::NotAsked))?;
    Ok(Exit::Done)
}

/// Prints the plugin's version in any case.
///
/// # Errors
///
/// Those of [`connect`] and of the call.
pub(crate) async fn both(
    format: PlainFormat,
    connection: &cli::Connection,
    screen: cli::Screen,
) -> Result<Exit, Error> {
    let server = match server(connection, screen).await {
        Ok(version) => Server::Answered(version),
        Err(error) => Server::Failed(error),
    };
    terminal::print(&page(format, &server))?;
    match server {
        Server::Failed(error) => Err(error),
        Server::NotAsked | Server::Answered(_) => Ok(Exit::Done),
    }
}

async fn server(connection: &cli::Connection, screen: cli::Screen) -> Result<String, Error> {
    let cluster = connect(connection).await?;
    let what = format!("asking the API server {}", cluster.server);
    terminal::waiting(screen, &what, cluster.version()).await
}

fn page(format: PlainFormat, server: &Server) -> String {
    match format {
        PlainFormat::Text => match server {
            Server::Answered(version) => {
                format!("Plugin Version: {PLUGIN}\nServer Version: {version}\n")
            }
            Server::NotAsked | Server::Failed(_) => format!("Plugin Version: {PLUGIN}\n"),
        },
        PlainFormat::Json => {
            let (version, reasons) = match server {
                Server::Answered(version) => (Some(version), json!({})),
                Server::NotAsked => (None, json!({ "server": "not asked" })),
                Server::Failed(error) => (None, json!({ "server": error.to_string() })),
            };
            let document = json!({
                "apiVersion": "images.tracebloc.io/v1alpha1",
                "kind": "Version",
                "plugin": PLUGIN,
                "server": version,
                "reasons": reasons,
            });
            format!("{document:#}\n")
        }
    }
}
