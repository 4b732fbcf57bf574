//! Opening a database file: the folder, the file, its permissions, and the settings of every connection.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::sqlite::fault::OpenFault;
use crate::sqlite::in_use::{self, InUse};
use crate::sqlite::{schema, space};

/// The oldest SQLite that may be linked: earlier ones can damage the log when two connections reset it at once.
const SQLITE_OLDEST: i32 = 3_051_003;

/// How long a connection waits for another process that writes, before its error says so.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// How long a checkpoint waits. It holds up all writers meanwhile, and there is always a next one.
const CHECKPOINT_BUSY_WAIT: Duration = Duration::from_millis(50);

/// Statements that a connection keeps prepared; there are fewer.
const STATEMENTS_MAX: usize = 128;

/// The files of one store.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// The database, without symbolic links, so that all processes agree on the names of the others.
    pub(crate) database: PathBuf,
    /// Its write-ahead log, named by SQLite.
    pub(crate) wal: PathBuf,
    /// The folder of lock files.
    pub(crate) owners: PathBuf,
}

/// A database that was opened.
pub(crate) struct Opened {
    /// A connection that writes.
    pub(crate) connection: Connection,
    /// Says that the database is in use, as long as it lives.
    pub(crate) in_use: InUse,
    /// Whether its log should be beside it, and is not.
    pub(crate) log_is_missing: bool,
}

impl Files {
    /// Makes the folders that are missing, readable by this user alone, and finds the names of all files.
    pub(crate) fn prepare(path: &Path) -> Result<Self, OpenFault> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        make_folder(folder)?;
        let folder = fs::canonicalize(folder).map_err(OpenFault::file(folder))?;
        let database = match path.file_name() {
            Some(name) => folder.join(name),
            None => folder.clone(),
        };
        let database = fs::canonicalize(&database).unwrap_or(database);
        let files =
            Self { wal: with_suffix(&database, "-wal"), owners: with_suffix(&database, "-owners"), database };
        make_folder(&files.owners)?;
        Ok(files)
    }

    /// Makes the file, if it is missing, and brings it to the newest schema.
    ///
    /// One opener at a time, over all processes: SQLite refuses the change to a write-ahead log to two at once.
    pub(crate) fn open(&self) -> Result<Opened, OpenFault> {
        if rusqlite::version_number() < SQLITE_OLDEST {
            return Err(OpenFault::OldSqlite { found: rusqlite::version() });
        }
        let _one_opener = self.lock()?;
        let in_use = InUse::join(self)?;
        self.create()?;
        let log_is_there = self.wal.exists();
        let mut connection = self.begin()?;
        // One that SQLite wrote as a copy has no log yet.
        let had_log = mode(&connection)? == WAL;
        with_log(&connection)?;
        schema::migrate(&mut connection)?;
        let log_is_missing = had_log && !log_is_there && in_use::is_said(&connection)?;
        if log_is_missing {
            in_use::tell_missing_log(self);
        }
        // The log and the database are found after a loss of power only if their names are on disk too.
        self.database.parent().map_or(Ok(()), sync_folder)?;
        Ok(Opened { connection, in_use, log_is_missing })
    }

    /// Waits until no other process opens the store; none can as long as the file lives.
    pub(crate) fn lock(&self) -> Result<File, OpenFault> {
        let path = self.owners.join("open.lock");
        let lock = private_file().create(true).truncate(false).open(&path).map_err(OpenFault::file(&path))?;
        lock.lock().map_err(OpenFault::file(&path))?;
        Ok(lock)
    }

    /// Makes an empty file that only this user may read; SQLite gives its other files the same permissions.
    ///
    /// An existing file is never opened here: closing it would release the locks that SQLite holds on it in this
    /// process.
    fn create(&self) -> Result<(), OpenFault> {
        match private_file().create_new(true).open(&self.database) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            other => other.map(drop).map_err(OpenFault::file(&self.database)),
        }
    }

    /// A connection that writes.
    pub(crate) fn connect(&self) -> Result<Connection, OpenFault> {
        let connection = self.begin()?;
        with_log(&connection)?;
        Ok(connection)
    }

    /// A connection to a file that is ours, in whatever mode it is.
    fn begin(&self) -> Result<Connection, OpenFault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.database, flags)?;
        settle(&connection, BUSY_WAIT)?;
        self.keep_within(&connection);
        // Only before anything is in the file, the log's mode included.
        space::prepare(&connection)?;
        schema::check(&connection)?;
        Ok(connection)
    }

    /// Has SQLite keep its temporary files beside the database: what runs hold in confidence leaves the data folder at
    /// no time, and a process that can write nowhere else sorts and vacuums all the same. Of several stores of one
    /// process the one that was opened last counts.
    fn keep_within(&self, connection: &Connection) {
        let folder = self.database.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_string_lossy();
        // Refused of a folder that cannot be written, of which others tell in better words.
        let _ = connection.pragma_update(None, "temp_store_directory", folder);
    }

    /// A connection that makes checkpoints.
    pub(crate) fn connect_for_checkpoints(&self) -> Result<Connection, OpenFault> {
        let connection = self.connect()?;
        connection.busy_timeout(CHECKPOINT_BUSY_WAIT)?;
        Ok(connection)
    }

    /// A connection that reads.
    pub(crate) fn connect_for_reads(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.database, flags)?;
        settle(&connection, BUSY_WAIT)?;
        self.keep_within(&connection);
        Ok(connection)
    }
}

/// How SQLite names the mode with a write-ahead log.
const WAL: &str = "wal";

fn mode(connection: &Connection) -> rusqlite::Result<String> {
    connection.pragma_query_value(None, "journal_mode", |row| row.get(0))
}

/// What every connection that writes is set to.
fn with_log(connection: &Connection) -> Result<(), OpenFault> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", WAL, |row| row.get(0))?;
    if mode != WAL {
        return Err(OpenFault::NoWal { found: mode });
    }
    // A commit writes to the log without fsync; see sync.rs for who does it.
    connection.pragma_update(None, "synchronous", "normal")?;
    // Checkpoints have a thread of their own, so that no commit waits for one.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // Pages of one large group of commits; more would be written to the log twice.
    connection.pragma_update(None, "cache_size", -16_384)?;
    Ok(())
}

/// What every connection is set to.
fn settle(connection: &Connection, busy_wait: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(busy_wait)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Without this guarantee SQLite looks at bound values where a partial index might serve, and prepares the
    // statement again at every new value: a tenth of a commit's processor time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // An fsync on macOS stops at the drive's cache; this goes through it. Elsewhere it does nothing.
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // Never trust what a tampered file defines.
    connection.pragma_update(None, "trusted_schema", false)?;
    // A disk error while reading mapped memory would kill the process.
    connection.pragma_update(None, "mmap_size", 0)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Options for a file that only this user may read and write: runs hold what guests were told in confidence.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder, with those above it, unless it exists; its name is durable then.
fn make_folder(folder: &Path) -> Result<(), OpenFault> {
    let named = |folder: &&Path| !folder.as_os_str().is_empty();
    let missing: Vec<&Path> =
        folder.ancestors().filter(named).take_while(|folder| !folder.exists()).collect();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(OpenFault::file(folder))?;
    missing.into_iter().filter_map(Path::parent).try_for_each(sync_folder)
}

/// Makes the names of the files in a folder durable.
fn sync_folder(folder: &Path) -> Result<(), OpenFault> {
    // Other systems cannot open a folder, and keep names without being asked.
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(OpenFault::file(folder))
}
