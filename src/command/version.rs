//! `version`: the plugin's, and if it may be asked, the API server's and the charts' of the namespace.

use serde_json::{Map, Value, json};

use crate::cli::{self, PlainFormat};
use crate::cluster::charts::{Chart, charts};
use crate::cluster::connect::connect;
use crate::error::{Error, Exit};
use crate::terminal;
use crate::text::{QUOTED, printable};

const PLUGIN: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// What is known beside the plugin's own version.
enum Cluster {
    NotAsked,
    Answered(Versions),
    Failed(Error),
}

struct Versions {
    server: String,
    charts: Result<Vec<Chart>, Error>,
}

/// Asks nobody.
pub(crate) fn client(format: PlainFormat) -> Result<Exit, Error> {
    terminal::print(&page(format, &Cluster::NotAsked))?;
    Ok(Exit::Done)
}

/// Prints the plugin's version in any case.
///
/// # Errors
///
/// Those of [`connect`] and of the API server's version. Charts that cannot be seen are told where they would stand.
pub(crate) async fn both(
    format: PlainFormat,
    connection: &cli::Connection,
    screen: cli::Screen,
) -> Result<Exit, Error> {
    let cluster = match versions(connection, screen).await {
        Ok(versions) => Cluster::Answered(versions),
        Err(error) => Cluster::Failed(error),
    };
    terminal::print(&page(format, &cluster))?;
    match cluster {
        Cluster::Failed(error) => Err(error),
        Cluster::NotAsked | Cluster::Answered(_) => Ok(Exit::Done),
    }
}

async fn versions(connection: &cli::Connection, screen: cli::Screen) -> Result<Versions, Error> {
    let cluster = connect(connection).await?;
    let what = format!("asking the API server {}", cluster.server);
    let asked = async {
        Ok(Versions {
            server: cluster.version().await?,
            charts: charts(&cluster).await,
        })
    };
    terminal::waiting(screen, &what, asked).await
}

fn page(format: PlainFormat, cluster: &Cluster) -> String {
    match format {
        PlainFormat::Text => text(cluster),
        PlainFormat::Json => format!("{:#}\n", document(cluster)),
    }
}

fn text(cluster: &Cluster) -> String {
    let mut lines = vec![format!("Plugin Version: {PLUGIN}")];
    if let Cluster::Answered(versions) = cluster {
        lines.push(format!("Server Version: {}", versions.server));
        match &versions.charts {
            Ok(charts) => lines.extend(charts.iter().map(line)),
            Err(error) => lines.push(format!("Chart Version: unknown: {error}")),
        }
    }
    lines.join("\n") + "\n"
}

fn line(chart: &Chart) -> String {
    let version = chart.version.as_deref().unwrap_or("unknown");
    let line = format!(
        "Chart Version: {version} (release {} in {})",
        chart.release, chart.namespace
    );
    printable(&line, QUOTED)
}

fn document(cluster: &Cluster) -> Value {
    let mut reasons = Map::new();
    let mut told = |key: &str, known: Result<Value, String>| {
        known.unwrap_or_else(|why| {
            reasons.insert(key.to_owned(), why.into());
            Value::Null
        })
    };
    let (server, charts) = match cluster {
        Cluster::NotAsked => (Err("not asked".to_owned()), Err("not asked".to_owned())),
        Cluster::Failed(error) => (Err(error.to_string()), Err("not asked".to_owned())),
        Cluster::Answered(versions) => (
            Ok(versions.server.clone().into()),
            match &versions.charts {
                Ok(charts) => Ok(charts.iter().map(item).collect()),
                Err(error) => Err(error.to_string()),
            },
        ),
    };
    let (server, charts) = (told("server", server), told("charts", charts));
    json!({
        "apiVersion": "images.tracebloc.io/v1alpha1",
        "kind": "Version",
        "plugin": PLUGIN,
        "server": server,
        "charts": charts,
        "reasons": reasons,
    })
}

fn item(chart: &Chart) -> Value {
    json!({
        "release": chart.release,
        "namespace": chart.namespace,
        "version": chart.version,
    })
}
