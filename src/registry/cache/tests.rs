//! Entries that are there, damaged, too many, or written by everybody at once.

use std::thread;

use tempfile::TempDir;

use super::*;

/// A small cache: ten entries of ten bytes.
fn cache() -> (TempDir, Cache) {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache {
        folder: Some(folder.path().join("made/on/demand").into()),
        bound: 100,
    };
    (folder, cache)
}

/// Ten bytes that nobody else has.
fn entry(n: usize) -> (Digest, Vec<u8>) {
    let bytes = format!("entry{n:05}").into_bytes();
    (digest_of(&bytes), bytes)
}

fn path(cache: &Cache, digest: &Digest) -> PathBuf {
    cache.folder.as_ref().unwrap().join(digest.hex())
}

fn size(cache: &Cache) -> u64 {
    let entries = fs::read_dir(cache.folder.as_ref().unwrap()).unwrap();
    entries
        .map(|it| it.unwrap().metadata().unwrap().len())
        .sum()
}

#[tokio::test]
async fn what_is_written_is_read_and_survives_the_process() {
    let (_folder, cache) = cache();
    let (digest, bytes) = entry(1);
    assert_eq!(None, cache.read(&digest).await);
    cache.write(&digest, bytes.clone()).await;
    assert_eq!(Some(bytes.clone()), cache.read(&digest).await);
    let another = Cache { ..cache.clone() };
    assert_eq!(Some(bytes), another.read(&digest).await);
}

#[tokio::test]
async fn an_entry_that_does_not_hash_to_its_name_is_dropped() {
    let (_folder, cache) = cache();
    let (digest, bytes) = entry(1);
    for damage in [&b"entry00002"[..], b"entry", b""] {
        cache.write(&digest, bytes.clone()).await;
        fs::write(path(&cache, &digest), damage).unwrap();
        assert_eq!(None, cache.read(&digest).await);
        assert!(!path(&cache, &digest).exists());
    }
}

#[tokio::test]
async fn what_was_used_longest_ago_goes_first() {
    let (_folder, cache) = cache();
    let age = |n: usize, seconds: u64| {
        let file = File::options()
            .append(true)
            .open(path(&cache, &entry(n).0))
            .unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds))
            .unwrap();
    };
    for n in 0..10 {
        let (digest, bytes) = entry(n);
        cache.write(&digest, bytes).await;
        age(n, 1000 - n as u64);
    }
    assert_eq!(100, size(&cache));
    cache.read(&entry(0).0).await.unwrap();

    let (digest, bytes) = entry(10);
    cache.write(&digest, bytes).await;

    assert_eq!(100, size(&cache));
    let kept = |n: usize| path(&cache, &entry(n).0).exists();
    assert_eq!(
        [true, false, true, true],
        [kept(0), kept(1), kept(2), kept(10)]
    );
}

#[tokio::test]
async fn drafts_that_a_killed_process_left_behind_go_too() {
    let (_folder, cache) = cache();
    let (digest, bytes) = entry(1);
    cache.write(&digest, bytes).await;
    let draft = cache.folder.as_ref().unwrap().join(".abc.1.0");
    fs::write(&draft, [0; 95]).unwrap();
    File::options()
        .append(true)
        .open(&draft)
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH)
        .unwrap();
    let (digest, bytes) = entry(2);
    cache.write(&digest, bytes).await;
    assert!(!draft.exists());
    assert_eq!(20, size(&cache));
}

#[test]
fn writers_and_readers_at_once_see_whole_entries_and_keep_the_bound() {
    let (_folder, cache) = cache();
    let folder = cache.folder.clone().unwrap();
    thread::scope(|scope| {
        for start in 0..4 {
            let folder = &folder;
            scope.spawn(move || {
                for n in 0..200 {
                    let (digest, bytes) = entry((n + start * 7) % 30);
                    write(folder, digest.hex(), &bytes).unwrap();
                    // Another writer's eviction may have met a file that has just gone.
                    evict(folder, 100).unwrap();
                    if let Some(kept) = read(&folder.join(digest.hex()), &digest) {
                        assert_eq!(bytes, kept);
                    }
                }
            });
        }
    });
    evict(&folder, 100).unwrap();
    assert!(size(&cache) <= 100);
    let drafts = fs::read_dir(&folder).unwrap().filter(|it| {
        it.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with('.')
    });
    assert_eq!(0, drafts.count());
}

#[tokio::test]
async fn a_cache_that_cannot_be_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let (digest, bytes) = entry(1);
    for usage in [CacheUse::Off, CacheUse::Folder(file.join("below/a/file"))] {
        let cache = Cache::new(usage);
        cache.write(&digest, bytes.clone()).await;
        assert_eq!(None, cache.read(&digest).await);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_sees_what_somebody_looked_at() {
    use std::os::unix::fs::PermissionsExt as _;

    let (_folder, cache) = cache();
    let (digest, bytes) = entry(1);
    cache.write(&digest, bytes).await;
    let mode = fs::metadata(cache.folder.as_ref().unwrap())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(0o700, mode & 0o777);
}
