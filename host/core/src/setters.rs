//! Setters of what callers fill in: a struct that may get further fields is made by a constructor and completed by
//! these.

/// Makes the setters of a struct's fields: consuming, each named as its field. One of a field that may be missing takes
/// what goes into it, without `Some`; a value that is an `Option` already is assigned to the field.
#[doc(hidden)]
#[macro_export]
macro_rules! setters {
    ($owner:ident $(<$life:lifetime>)? { $($fields:tt)* }) => {
        impl $(<$life>)? $owner $(<$life>)? {
            $crate::setters!($($fields)*,);
        }
    };
    () => {};
    (,) => {};
    ($field:ident: Option<$of:ty>, $($rest:tt)*) => {
        #[doc = concat!("Sets [`", stringify!($field), "`](#structfield.", stringify!($field), ").")]
        pub fn $field(mut self, $field: impl Into<$of>) -> Self {
            self.$field = Some($field.into());
            self
        }
        $crate::setters!($($rest)*);
    };
    ($field:ident: $of:ty, $($rest:tt)*) => {
        #[doc = concat!("Sets [`", stringify!($field), "`](#structfield.", stringify!($field), ").")]
        pub fn $field(mut self, $field: $of) -> Self {
            self.$field = $field;
            self
        }
        $crate::setters!($($rest)*);
    };
}
