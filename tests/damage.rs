//! Kept memory that is not what was written: refused with a typed error, and the run stays suspended.

use anyhow::{Context as _, Result};
use reentry::core::error::ErrorKind;
use reentry::core::id::BlobId;
use reentry::core::run::RunStatus;
use reentry::{Error, ResumeOptions, Run, StartOptions};
use reentry_tests::folders::data_folder;
use reentry_tests::{host, json, workflow_of};
use rusqlite::{Connection, params};
use serde_json::json;

/// A suspended run of the probe, and its image where it is kept.
struct Suspended {
    run: Run,
    database: Connection,
    id: BlobId,
    /// The image as it was written.
    image: Vec<u8>,
    _folder: tempfile::TempDir,
}

impl Suspended {
    async fn new() -> Result<Self> {
        let folder = data_folder()?;
        // One secret for all: an image of another run is refused for what it is, not for its key.
        let host = host().data_dir(folder.path()).secret([7; 32]).build().await?;
        let tenant = host.default_tenant();
        let run = workflow_of(&tenant, "memory-probe", "probe").await?.new_run().create().await?;
        run.start(StartOptions::input(json(json!({"suspends": 1, "touch_bytes": 5000})))).await?;
        let id = run.state().await?.images().next().context("an image")?;
        let database = Connection::open(folder.path().join("reentry.db"))?;
        let sql = "SELECT data FROM images WHERE id = ?1";
        let image = database.query_row(sql, [id.as_bytes()], |row| row.get(0))?;
        Ok(Self { run, database, id, image, _folder: folder })
    }

    /// Keeps this in the place of the image.
    fn keep(&self, image: &[u8]) -> Result<()> {
        let sql = "INSERT INTO images (id, data) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET data = ?2";
        self.database.execute(sql, params![self.id.as_bytes(), image])?;
        Ok(())
    }

    async fn assert_refused(&self, image: &[u8], what: &str) -> Result<()> {
        self.keep(image)?;
        assert_refused(&self.run, what).await;
        Ok(())
    }

    /// The good image still resumes, after all that.
    async fn assert_resumes(&self) -> Result<()> {
        self.keep(&self.image)?;
        let result = self.run.resume(ResumeOptions::data(json(json!(1)))).await?;
        assert_eq!(result.status, RunStatus::Success);
        Ok(())
    }
}

async fn assert_refused(run: &Run, what: &str) {
    let error = run.resume(ResumeOptions::data(json(json!(1)))).await.expect_err(what);
    assert!(matches!(error, Error::Snapshot { .. } | Error::Damaged { .. }), "{what}: {error:?}");
    assert_eq!(error.kind(), ErrorKind::Damaged, "{what}");
    assert_eq!(run.status().await.unwrap(), RunStatus::Suspended, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_flipped_bits_are_refused_one_by_one_and_the_run_stays_suspended() -> Result<()> {
    let suspended = Suspended::new().await?;
    // Knuth's MMIX generator: the same flips on every machine.
    let mut state = 42u64;
    for turn in 0..1000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut image = suspended.image.clone();
        let bit = usize::try_from(state >> 33)? % (image.len() * 8);
        image[bit / 8] ^= 1 << (bit % 8);
        suspended.assert_refused(&image, &format!("flip {turn}")).await?;
    }
    suspended.assert_resumes().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_of_the_header_and_every_truncation_is_checked() -> Result<()> {
    let suspended = Suspended::new().await?;
    let whole = &suspended.image;
    for at in 0..reentry::core::snapshot::HEADER_BYTES {
        let mut image = whole.clone();
        image[at] = image[at].wrapping_add(1);
        suspended.assert_refused(&image, &format!("header byte {at}")).await?;
    }
    for keep in 0..400 {
        // The first bytes one by one, then larger and larger parts.
        let len = if keep < 200 { keep } else { whole.len() * (keep - 200) / 200 };
        suspended.assert_refused(&whole[..len.min(whole.len())], &format!("truncation {keep}")).await?;
    }
    suspended.assert_refused(&[whole, &[0][..]].concat(), "a byte too many").await?;
    suspended.database.execute("DELETE FROM images WHERE id = ?1", [suspended.id.as_bytes()])?;
    assert_refused(&suspended.run, "a missing image").await;
    suspended.assert_resumes().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_of_another_run_is_refused() -> Result<()> {
    let (suspended, other) = (Suspended::new().await?, Suspended::new().await?);
    suspended.assert_refused(&other.image, "an image of another run").await?;
    suspended.assert_resumes().await
}
