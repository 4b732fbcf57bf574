//! The macros: `all`, `exists`, `exists_one`, `filter`, `map`.

use super::error::Fault;
use super::evaluate::{Evaluation, wrong_type};
use super::syntax::{Each, Macro, Node};
use super::value::Value;

/// What a macro walks over.
type Elements<'a> = Box<dyn Iterator<Item = Value<'a>> + 'a>;

impl<'a> Evaluation<'a> {
    /// The value of a macro.
    pub(super) fn each(&mut self, each: &'a Each) -> Result<Value<'a>, Fault> {
        let elements: Elements<'a> = match self.read(&each.range)? {
            Value::List(list) => Box::new(list.into_iter()),
            Value::Map(map) => Box::new(map.into_keys()),
            other => return wrong_type("list or map", &other, each.range.span),
        };
        match (each.how, &each.when, &each.into) {
            (Macro::All, Some(when), _) => self.quantify(elements, when, false),
            (Macro::Exists, Some(when), _) => self.quantify(elements, when, true),
            (Macro::ExistsOne, Some(when), _) => {
                let mut count = 0usize;
                for element in elements {
                    count += usize::from(self.with_local(element, |evaluation| evaluation.bool(when))?);
                }
                Ok(Value::Bool(count == 1))
            }
            (_, when, into) => self.collect(elements, when.as_ref(), into.as_ref()),
        }
    }

    /// `all` and `exists` are `&&` and `||` over the elements: one that decides makes up for an error in another.
    fn quantify(
        &mut self,
        elements: Elements<'a>,
        when: &'a Node,
        decides: bool,
    ) -> Result<Value<'a>, Fault> {
        let mut first_fault = None;
        for element in elements {
            match self.with_local(element, |evaluation| evaluation.bool(when)) {
                Ok(value) if value == decides => return Ok(Value::Bool(decides)),
                Ok(_) => {}
                Err(fault) if fault.0.is_final() => return Err(fault),
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        first_fault.map_or(Ok(Value::Bool(!decides)), Err)
    }

    /// `filter` and `map`: the elements that are wanted, as they are or as something else.
    fn collect(
        &mut self,
        elements: Elements<'a>,
        when: Option<&'a Node>,
        into: Option<&'a Node>,
    ) -> Result<Value<'a>, Fault> {
        let mut collected = Vec::new();
        for element in elements {
            let kept = self.with_local(element.clone(), |evaluation| {
                if let Some(when) = when
                    && !evaluation.bool(when)?
                {
                    return Ok(None);
                }
                into.map_or(Ok(element), |into| evaluation.value(into)).map(Some)
            })?;
            collected.extend(kept);
        }
        Ok(Value::list(collected))
    }
}
