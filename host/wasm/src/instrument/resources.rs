//! Whether a component makes handles to resources that it defines itself.
//!
//! Such handles live in a table that cannot be read, so a component that makes them cannot be kept. But defining a
//! resource is not making one: tools that stub out an interface define its resources and never call what makes a
//! handle.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{CanonicalFunction, ExternalKind, Instance};

/// The ways that `resource.new` takes through a component.
#[derive(Default)]
pub(super) struct Resources {
    /// Core functions that make a handle.
    makers: BTreeSet<u32>,
    /// Core instances put together from items: their items that make a handle.
    handed: BTreeMap<u32, BTreeSet<String>>,
    /// Core instances so far.
    instances: u32,
}

impl Resources {
    /// A canonical function, and the index that it gets if it is a core function. Says whether it makes handles for
    /// everybody who calls the component.
    pub(super) fn canonical(&mut self, function: &CanonicalFunction, index: u32) -> bool {
        match function {
            CanonicalFunction::ResourceNew { .. } => {
                self.makers.insert(index);
                false
            }
            CanonicalFunction::Lift { core_func_index, .. } => self.makers.contains(core_func_index),
            _ => false,
        }
    }

    /// A core function, at `index`, that is another name for an item of a core instance.
    pub(super) fn alias(&mut self, instance: u32, name: &str, index: u32) {
        if self.handed.get(&instance).is_some_and(|items| items.contains(name)) {
            self.makers.insert(index);
        }
    }

    /// A core instance. Says whether its module is given a function that makes handles and uses it, which is for
    /// `used` to tell by module, namespace and name.
    pub(super) fn instance(
        &mut self,
        instance: &Instance<'_>,
        used: impl Fn(u32, &str, &str) -> bool,
    ) -> bool {
        let number = self.instances;
        self.instances += 1;
        match instance {
            Instance::FromExports(items) => {
                let makers = items
                    .iter()
                    .filter(|item| item.kind == ExternalKind::Func && self.makers.contains(&item.index));
                let makers: BTreeSet<String> = makers.map(|item| item.name.to_owned()).collect();
                if !makers.is_empty() {
                    self.handed.insert(number, makers);
                }
                false
            }
            Instance::Instantiate { module_index, args } => args.iter().any(|argument| {
                let items = self.handed.get(&argument.index).into_iter().flatten();
                items.into_iter().any(|item| used(*module_index, argument.name, item))
            }),
        }
    }
}
