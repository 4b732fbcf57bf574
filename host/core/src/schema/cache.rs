//! Schemas that were compiled lately.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Schema, SchemaError};
use crate::json::Json;

/// Most schemas that are kept.
const COUNT_MAX: usize = 256;

/// Most bytes of text of all that are kept. What is compiled takes many times as much.
const BYTES_MAX: usize = 1024 * 1024;

/// Compiles each text once, and keeps what was used last: bounded by its number and by the bytes of the texts.
///
/// Cheap to clone; all clones are one cache.
#[derive(Clone, Debug, Default)]
pub struct SchemaCache(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    schemas: HashMap<Key, Entry>,
    bytes: usize,
    /// Counts uses.
    now: u64,
}

/// What was let in before is held to fewer bounds, and is not the same as what is let in now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    is_new: bool,
    text: Arc<str>,
}

#[derive(Debug)]
struct Entry {
    schema: Arc<Schema>,
    used: u64,
}

impl SchemaCache {
    /// Compiles a schema as [`Schema::compile`] does, or gives it as it was compiled before.
    ///
    /// # Errors
    /// As [`Schema::compile`].
    pub fn compile(&self, text: &Json) -> Result<Arc<Schema>, SchemaError> {
        self.get(true, text, Schema::compile)
    }

    /// The same, as [`Schema::stored`] does.
    ///
    /// # Errors
    /// As [`Schema::stored`].
    pub fn stored(&self, text: &Json) -> Result<Arc<Schema>, SchemaError> {
        self.get(false, text, Schema::stored)
    }

    fn get(
        &self,
        is_new: bool,
        text: &Json,
        make: impl FnOnce(&Json) -> Result<Schema, SchemaError>,
    ) -> Result<Arc<Schema>, SchemaError> {
        let key = Key { is_new, text: text.text().into() };
        if let Some(known) = self.lock().used(&key) {
            return Ok(known);
        }
        // Not under the lock: others are not kept waiting by a large one.
        let schema = Arc::new(make(text)?);
        self.lock().keep(key, &schema);
        Ok(schema)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn used(&mut self, key: &Key) -> Option<Arc<Schema>> {
        self.now += 1;
        let entry = self.schemas.get_mut(key)?;
        entry.used = self.now;
        Some(Arc::clone(&entry.schema))
    }

    fn keep(&mut self, key: Key, schema: &Arc<Schema>) {
        self.bytes += key.text.len();
        let entry = Entry { schema: Arc::clone(schema), used: self.now };
        if let Some((other, _)) = self.schemas.remove_entry(&key) {
            self.bytes -= other.text.len();
        }
        self.schemas.insert(key, entry);
        while self.bytes > BYTES_MAX || self.schemas.len() > COUNT_MAX {
            let oldest = self.schemas.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            self.schemas.remove(&oldest);
            self.bytes -= oldest.text.len();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compiled::CompileCount;

    /// How many schemas are compiled.
    fn compiled(work: impl FnOnce()) -> u64 {
        let before = CompileCount::by_this_thread();
        work();
        CompileCount::by_this_thread().since(before).schemas
    }

    fn schema(number: usize, bytes: usize) -> Json {
        Json::from(json!({ "title": format!("{number}{}", "x".repeat(bytes)) }))
    }

    #[test]
    fn a_text_is_compiled_once_for_each_way_in() {
        let (cache, text) = (SchemaCache::default(), schema(1, 0));
        assert_eq!(compiled(|| drop((cache.compile(&text).unwrap(), cache.compile(&text).unwrap()))), 1);
        assert_eq!(
            compiled(|| drop((cache.stored(&text).unwrap(), cache.clone().stored(&text).unwrap()))),
            1
        );
        let bad = Json::from(json!(5));
        assert!(cache.compile(&bad).is_err() && cache.compile(&bad).is_err());
    }

    #[test]
    fn the_one_that_was_not_used_for_longest_goes_first() {
        for (count, bytes) in [(COUNT_MAX, 0), (10, BYTES_MAX / 10 - 100)] {
            let cache = SchemaCache::default();
            (0..count).for_each(|number| drop(cache.compile(&schema(number, bytes)).unwrap()));
            assert_eq!(compiled(|| drop(cache.compile(&schema(0, bytes)).unwrap())), 0);
            drop(cache.compile(&schema(count, bytes * 11 / 10)).unwrap());
            assert_eq!(compiled(|| drop(cache.compile(&schema(0, bytes)).unwrap())), 0, "used lately");
            assert_eq!(
                compiled(|| drop(cache.compile(&schema(1, bytes)).unwrap())),
                1,
                "not used for longest"
            );
            let kept = cache.lock();
            assert!(kept.schemas.len() <= COUNT_MAX && kept.bytes <= BYTES_MAX);
            assert_eq!(kept.bytes, kept.schemas.keys().map(|key| key.text.len()).sum::<usize>());
        }
    }
}
