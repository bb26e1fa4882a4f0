//! Lists: what they hold, how they are cut into pages, and the two forms objects are sent in.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::resources::Resource;
use super::store::Object;

/// The form in which a client wants objects, from its `Accept` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Whole,
    /// `PartialObjectMetadata`: no spec, no status.
    Metadata,
}

impl View {
    /// The form of a list.
    pub(crate) fn of_list(accept: Option<&str>) -> Result<Self, Refusal> {
        match Form::chosen(accept)? {
            Form::Whole => Ok(Self::Whole),
            Form::MetadataList => Ok(Self::Metadata),
            Form::Metadata => Err(not_acceptable(
                "you requested PartialObjectMetadata, but the requested object is a list",
            )),
        }
    }

    /// The form of one object.
    pub(crate) fn of_object(accept: Option<&str>) -> Result<Self, Refusal> {
        match Form::chosen(accept)? {
            Form::Whole => Ok(Self::Whole),
            Form::Metadata => Ok(Self::Metadata),
            Form::MetadataList => Err(not_acceptable(
                "you requested PartialObjectMetadataList, but the requested object is not a list",
            )),
        }
    }

    /// One object on its own: an answer to GET, an item of a watch.
    pub(crate) fn show(self, object: &Value) -> Value {
        match self {
            Self::Whole => object.clone(),
            Self::Metadata => json!({
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": object["metadata"],
            }),
        }
    }
}

/// A form that this server has.
enum Form {
    Whole,
    Metadata,
    MetadataList,
}

impl Form {
    /// The first that an `Accept` header names. Tables and protobuf there are not, and clients
    /// that prefer them also take JSON.
    fn chosen(accept: Option<&str>) -> Result<Self, Refusal> {
        let mut ranges = accept.unwrap_or_default().split(',');
        let message = "406: Not Acceptable\n\nAvailable representations: application/json";
        ranges
            .find_map(Self::of_range)
            .ok_or_else(|| not_acceptable(message))
    }

    fn of_range(range: &str) -> Option<Self> {
        let mut parts = range.split(';').map(str::trim);
        if !matches!(
            parts.next(),
            Some("application/json" | "application/*" | "*/*" | "")
        ) {
            return None;
        }
        match parts.find_map(|parameter| parameter.strip_prefix("as=")) {
            None => Some(Self::Whole),
            Some("PartialObjectMetadata") => Some(Self::Metadata),
            Some("PartialObjectMetadataList") => Some(Self::MetadataList),
            Some(_) => None,
        }
    }
}

fn not_acceptable(message: &str) -> Refusal {
    Refusal::new(406, "NotAcceptable", message)
}

/// Lists cut into pages: a client reads all pages of one list as of one moment.
#[derive(Default)]
pub(crate) struct Snapshots {
    open: HashMap<u64, Snapshot>,
    next: u64,
}

/// What a list found, before it is cut.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) objects: Arc<Vec<Object>>,
    pub(crate) version: u64,
    /// A selected list does not say how many items remain.
    pub(crate) is_selected: bool,
}

/// One page of a list.
pub(crate) struct Page {
    snapshot: Snapshot,
    start: usize,
    end: usize,
    /// `None` on the last page.
    token: Option<String>,
}

impl Snapshots {
    /// The first page of a new list. `None` as the limit means all of it.
    pub(crate) fn first(&mut self, snapshot: Snapshot, limit: Option<usize>) -> Page {
        self.next += 1;
        let page = cut(self.next, snapshot.clone(), 0, limit);
        if page.token.is_some() {
            self.open.insert(self.next, snapshot);
        }
        page
    }

    /// The page a continue token stands for.
    pub(crate) fn following(&self, token: &str, limit: Option<usize>) -> Result<Page, Refusal> {
        let (id, start) = token
            .split_once('.')
            .and_then(|(id, start)| Some((id.parse().ok()?, start.parse().ok()?)))
            .ok_or_else(|| Refusal::bad_request("continue key is not valid"))?;
        let snapshot = self.open.get(&id).ok_or_else(|| {
            Refusal::expired(
                "The provided continue parameter is too old to display a consistent list result. \
                 You can start a new list without the continue parameter.",
            )
        })?;
        Ok(cut(id, snapshot.clone(), start, limit))
    }
}

fn cut(id: u64, snapshot: Snapshot, start: usize, limit: Option<usize>) -> Page {
    let count = snapshot.objects.len();
    let end = limit.map_or(count, |limit| count.min(start + limit));
    Page {
        snapshot,
        start,
        end,
        token: (end < count).then(|| format!("{id}.{end}")),
    }
}

impl Page {
    /// The list as JSON.
    pub(crate) fn body(&self, resource: &Resource, view: View) -> Vec<u8> {
        let mut metadata = json!({"resourceVersion": self.snapshot.version.to_string()});
        if let Some(token) = &self.token {
            metadata["continue"] = token.as_str().into();
            if !self.snapshot.is_selected {
                metadata["remainingItemCount"] = (self.snapshot.objects.len() - self.end).into();
            }
        }
        let (kind, api_version) = match view {
            View::Whole => (format!("{}List", resource.kind), resource.api_version()),
            View::Metadata => (
                "PartialObjectMetadataList".to_owned(),
                "meta.k8s.io/v1".to_owned(),
            ),
        };
        let items: Vec<_> = self.snapshot.objects[self.start..self.end]
            .iter()
            .map(|object| Item { object, view })
            .collect();
        let list = List {
            kind,
            api_version,
            metadata,
            items,
        };
        serde_json::to_vec(&list).expect("JSON values serialise")
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    kind: String,
    api_version: String,
    metadata: Value,
    items: Vec<Item<'a>>,
}

/// An item of a list. The real server leaves `kind` and `apiVersion` out of the items of typed
/// lists, and a client must not count on them.
struct Item<'a> {
    object: &'a Value,
    view: View,
}

impl Serialize for Item<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.view == View::Metadata {
            return self.view.show(self.object).serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in self.object.as_object().into_iter().flatten() {
            if field != "kind" && field != "apiVersion" {
                map.serialize_entry(field, value)?;
            }
        }
        map.end()
    }
}
