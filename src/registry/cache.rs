//! Manifests and configs on disk, by digest: looking twice costs no pull quota.
//!
//! An entry is its digest's name and bytes that hash to it; whatever does not is dropped when it is read. So no lock is
//! needed between processes: a writer's rename either happened or did not, and a lost entry is fetched again.

use std::fs::{self, File, FileTimes};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use crate::image::Digest;

/// What all entries may take together, in bytes. Reached, the entries used longest ago go first.
const BOUND: u64 = 16 * 1024 * 1024;

/// How long writing an entry takes at most.
const DRAFT: Duration = Duration::from_secs(60);

/// Where answers are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CacheUse {
    Folder(PathBuf),
    /// `--no-cache`, or a machine without a folder for it.
    Off,
}

impl CacheUse {
    /// The folder `kubectl-tracebloc-images` where this system keeps caches: `$XDG_CACHE_HOME` or `~/.cache`,
    /// `~/Library/Caches`, `%LOCALAPPDATA%`.
    pub(crate) fn of_this_user() -> Self {
        let set = |name: &str| {
            let value = std::env::var_os(name).map(PathBuf::from);
            value.filter(|path| path.is_absolute())
        };
        let caches = if cfg!(windows) {
            set("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            std::env::home_dir().map(|home| home.join("Library/Caches"))
        } else {
            set("XDG_CACHE_HOME").or_else(|| Some(std::env::home_dir()?.join(".cache")))
        };
        caches.map_or(Self::Off, |caches| {
            Self::Folder(caches.join("kubectl-tracebloc-images"))
        })
    }
}

/// The digest of these bytes.
pub(super) fn digest_of(bytes: &[u8]) -> Digest {
    Digest::from_sha256(Sha256::digest(bytes).into())
}

#[derive(Clone)]
pub(super) struct Cache {
    /// `None`: nothing is kept.
    folder: Option<Arc<Path>>,
    bound: u64,
}

impl Cache {
    pub(super) fn new(usage: CacheUse) -> Self {
        Self {
            folder: match usage {
                CacheUse::Folder(folder) => Some(folder.into()),
                CacheUse::Off => None,
            },
            bound: BOUND,
        }
    }

    /// The bytes of a digest, `None` where they are not kept or cannot be read.
    pub(super) async fn read(&self, digest: &Digest) -> Option<Vec<u8>> {
        let path = self.folder.as_ref()?.join(digest.hex());
        let wanted = digest.clone();
        tokio::task::spawn_blocking(move || read(&path, &wanted))
            .await
            .ok()?
    }

    /// Keeps bytes that hash to `digest`. A folder that cannot be written is no error: the next look asks again.
    pub(super) async fn write(&self, digest: &Digest, bytes: Vec<u8>) {
        let Some(folder) = self.folder.clone() else {
            return;
        };
        let (name, bound) = (digest.hex().to_owned(), self.bound);
        let kept = tokio::task::spawn_blocking(move || {
            write(&folder, &name, &bytes).and_then(|()| evict(&folder, bound))
        });
        if let Ok(Err(error)) = kept.await {
            tracing::debug!(%error, "the cache cannot be written");
        }
    }
}

fn read(path: &Path, wanted: &Digest) -> Option<Vec<u8>> {
    let bytes = fs::read(path).ok()?;
    if digest_of(&bytes) != *wanted {
        // Somebody may have replaced it since; then it is fetched once more.
        let _ = fs::remove_file(path);
        return None;
    }
    // What was used last goes last; a file system that does not let us say so evicts by age.
    if let Ok(file) = File::options().append(true).open(path) {
        let _ = file.set_times(FileTimes::new().set_modified(SystemTime::now()));
    }
    Some(bytes)
}

/// Under a name of its own first, so that no reader ever sees half an entry.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    static WRITES: AtomicU64 = AtomicU64::new(0);

    create(folder)?;
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    let draft = folder.join(format!(".{name}.{}.{write}", std::process::id()));
    let written = File::create_new(&draft)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&draft, folder.join(name)));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

/// For this user alone: what images somebody looks at is nobody else's business.
fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Drafts that a killed process left behind count and go like entries, once nobody can be writing them any more.
fn evict(folder: &Path, bound: u64) -> io::Result<()> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Another process may have removed it just now.
        let Ok(seen) = entry.metadata() else {
            continue;
        };
        let modified = seen.modified()?;
        let is_draft = entry.file_name().as_encoded_bytes().starts_with(b".");
        let age = modified.elapsed().unwrap_or_default();
        entries.push((is_draft && age < DRAFT, modified, seen.len(), entry.path()));
    }
    entries.sort();
    let mut total: u64 = entries.iter().map(|(_, _, size, _)| size).sum();
    for (is_being_written, _, size, path) in entries {
        if total <= bound || is_being_written {
            break;
        }
        if fs::remove_file(path).is_ok() {
            total -= size;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
