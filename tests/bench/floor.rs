//! The floor: what four commits and the work of two guest calls cost without any of reentry.
//!
//! A cycle here is: two instances of a core module called, 64 KiB copied out of memory, compressed, decompressed and
//! copied in, and four commits of a row of 4 KB. No JSON, no comparison of pages, no decisions: a little less than
//! any engine can do with.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use rusqlite::Connection;

use crate::report::{Goal, figure};

/// Cycles per second.
pub struct Floor {
    /// One after another, with fsync.
    pub sequential: f64,
    /// 32 in flight, one thread that groups commits, with fsync.
    pub in_flight_32: f64,
}

const MEASURED: Duration = Duration::from_secs(3);
const ROW: [u8; 4096] = [7; 4096];

/// Measures and prints the floor.
pub fn measure() -> Result<Floor> {
    let sequential = sequential()?;
    let in_flight_32 = in_flight(32)?;
    figure("floor.cycles.sequential.fsync", sequential, "cycles/s", Goal::None);
    figure("floor.cycles.32_in_flight.fsync", in_flight_32, "cycles/s", Goal::None);
    Ok(Floor { sequential, in_flight_32 })
}

fn open(dir: &tempfile::TempDir) -> Result<Connection> {
    let db = Connection::open(dir.path().join("floor.db"))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, bytes BLOB)")?;
    Ok(db)
}

/// One guest without wasm features beyond memory. Clones share the engine and its pool.
#[derive(Clone)]
struct Guest {
    engine: wasmtime::Engine,
    module: wasmtime::Module,
    pages: Vec<u8>,
}

impl Guest {
    fn new() -> Result<Self> {
        let mut config = wasmtime::Config::new();
        config.allocation_strategy(wasmtime::InstanceAllocationStrategy::pooling());
        let engine = wasmtime::Engine::new(&config).map_err(|error| anyhow!("{error:#}"))?;
        let wat = r#"(module (memory (export "m") 17) (func (export "f") (result i32)
            (i32.store (i32.const 0) (i32.const 1)) (i32.const 1)))"#;
        let module =
            wasmtime::Module::new(&engine, wat::parse_str(wat)?).map_err(|error| anyhow!("{error:#}"))?;
        Ok(Self { engine, module, pages: vec![0; 64 << 10] })
    }

    /// What a suspension and a resume cannot do without.
    fn call_twice(&mut self) -> Result<()> {
        let run = |pages: &mut Vec<u8>, out: bool| -> wasmtime::Result<()> {
            let mut store = wasmtime::Store::new(&self.engine, ());
            let instance = wasmtime::Instance::new(&mut store, &self.module, &[])?;
            let memory =
                instance.get_memory(&mut store, "m").ok_or_else(|| wasmtime::Error::msg("no memory"))?;
            if !out {
                memory.write(&mut store, 0, pages)?;
            }
            instance.get_typed_func::<(), i32>(&mut store, "f")?.call(&mut store, ())?;
            if out {
                memory.read(&store, 0, pages)?;
            }
            Ok(())
        };
        run(&mut self.pages, true).map_err(|error| anyhow!("{error:#}"))?;
        let packed = zstd::bulk::compress(&self.pages, 1)?;
        self.pages = zstd::bulk::decompress(&packed, 64 << 10)?;
        run(&mut self.pages, false).map_err(|error| anyhow!("{error:#}"))
    }
}

fn sequential() -> Result<f64> {
    let dir = tempfile::tempdir()?;
    let db = open(&dir)?;
    let mut guest = Guest::new()?;
    let mut insert = db.prepare("INSERT INTO rows (bytes) VALUES (?1)")?;
    let (begun, mut cycles) = (Instant::now(), 0u32);
    while begun.elapsed() < MEASURED {
        guest.call_twice()?;
        for _ in 0..4 {
            insert.execute([&ROW[..]])?;
        }
        cycles += 1;
    }
    Ok(f64::from(cycles) / begun.elapsed().as_secs_f64())
}

/// Clients on two threads; a third thread commits whatever waits, all of it at once.
fn in_flight(clients: usize) -> Result<f64> {
    let dir = tempfile::tempdir()?;
    let db = open(&dir)?;
    let (requests, waiting) = mpsc::channel::<mpsc::Sender<()>>();
    let committer = std::thread::spawn(move || -> Result<()> {
        while let Ok(first) = waiting.recv() {
            let mut group = vec![first];
            group.extend(waiting.try_iter());
            db.execute_batch("BEGIN IMMEDIATE")?;
            for _ in &group {
                db.prepare_cached("INSERT INTO rows (bytes) VALUES (?1)")?.execute([&ROW[..]])?;
            }
            db.execute_batch("COMMIT")?;
            for client in group {
                // A client that has stopped needs no answer.
                let _ = client.send(());
            }
        }
        Ok(())
    });
    let guest = Guest::new()?;
    let begun = Instant::now();
    let threads: Vec<_> = (0..clients)
        .map(|_| {
            let (requests, mut guest) = (requests.clone(), guest.clone());
            std::thread::spawn(move || -> Result<u32> {
                let (done, answered) = mpsc::channel();
                let mut cycles = 0;
                while begun.elapsed() < MEASURED {
                    guest.call_twice()?;
                    for _ in 0..4 {
                        requests.send(done.clone())?;
                        answered.recv()?;
                    }
                    cycles += 1;
                }
                Ok(cycles)
            })
        })
        .collect();
    drop(requests);
    let mut cycles = 0;
    for thread in threads {
        cycles += thread.join().map_err(|_| anyhow!("a client panicked"))??;
    }
    let rate = f64::from(cycles) / begun.elapsed().as_secs_f64();
    committer.join().map_err(|_| anyhow!("the committer panicked"))??;
    Ok(rate)
}
