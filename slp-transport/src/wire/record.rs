//! The tables: one macro makes a record's type, reader, writer and constructor from the list of its members.

/// Declares records of the wire.
///
/// Each line is `name: mode Type = "member"`. Modes: `req` must be there; `or_default` may be absent and is always
/// written; `opt` is left out when there is none; `null` is written as `null` when there is none; `said` and `said_null`
/// alike, and take `""` and `"None"` for none; `list` may be absent or `null` and is always written, `some` is left out
/// when it is empty; `quoted` is `opt` for a number that is written as a string. `within "data"` puts the members into an object inside the object, and keeps what stands beside it. `pub secret struct` is for
/// records that hold a secret.
macro_rules! record {
    ($(#[$doc:meta])* pub struct $($rest:tt)*) => {
        $crate::wire::record!(@all [derive(Clone, Debug, PartialEq, Eq)] $(#[$doc])* pub struct $($rest)*);
    };
    // A record that holds a secret can neither be copied nor compared.
    ($(#[$doc:meta])* pub secret struct $($rest:tt)*) => {
        $crate::wire::record!(@all [derive(Debug)] $(#[$doc])* pub struct $($rest)*);
    };
    (
        @all [$derive:meta] $(#[$doc:meta])*
        pub struct $name:ident $(within $outer:literal)? {
            $( $(#[$field_doc:meta])* $field:ident : $mode:ident $ty:ty = $wire:literal ),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[$derive]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_doc])* pub $field: $crate::wire::record!(@ty $mode $ty), )+
            /// Members that this version does not know, written after those that it knows.
            pub unknown: $crate::wire::Unknown,
            $(
                #[doc = concat!("Members beside `", $outer, "`, in the object around it.")]
                pub beside: $crate::wire::Unknown,
            )?
        }

        impl $name {
            $crate::wire::record!(@new [] [] [$(@beside $outer)?] $( ($field $mode $ty) )+);

            /// Reads one from JSON text.
            ///
            /// # Errors
            /// [`NotJson`](crate::ErrorKind::NotJson), [`Schema`](crate::ErrorKind::Schema),
            /// [`Limit`](crate::ErrorKind::Limit), [`Empty`](crate::ErrorKind::Empty).
            pub fn from_json(text: &[u8], limits: &$crate::Limits) -> Result<Self, $crate::Error> {
                $crate::wire::from_body(text, limits, "")
            }

            /// The compact JSON text.
            pub fn to_json(&self) -> String {
                $crate::wire::to_text(self)
            }
        }

        impl $crate::wire::Wire for $name {
            fn read(input: &mut $crate::wire::In<'_, '_>) -> Result<Self, $crate::wire::Fail> {
                $crate::wire::record!(@outer_read input $name [$($outer)?] [$( ($field $mode $ty, $wire) )+])
            }

            fn write(&self, out: &mut $crate::wire::Out) {
                $(
                    let mut outer_first = true;
                    out.text.push('{');
                    out.member(&mut outer_first, $outer);
                )?
                let mut first = true;
                out.text.push('{');
                $( $crate::wire::record!(@write $mode out first (&self.$field) $wire); )+
                self.unknown.write(out, &mut first);
                out.text.push('}');
                $(
                    let _ = $outer;
                    self.beside.write(out, &mut outer_first);
                    out.text.push('}');
                )?
            }
        }
    };

    (@ty req $ty:ty) => { $ty };
    (@ty or_default $ty:ty) => { $ty };
    (@ty opt $ty:ty) => { Option<$ty> };
    (@ty null $ty:ty) => { Option<$ty> };
    (@ty said $ty:ty) => { Option<$ty> };
    (@ty said_null $ty:ty) => { Option<$ty> };
    (@ty list $ty:ty) => { Vec<$ty> };
    (@ty some $ty:ty) => { Vec<$ty> };
    (@ty quoted $ty:ty) => { Option<$ty> };

    (@new [$( ($arg:ident $arg_ty:ty) )*] [$( $rest:ident )*] [$(@beside $outer:literal)?]) => {
        /// One with the members that must be there; the others are empty.
        #[allow(clippy::new_without_default, clippy::too_many_arguments, reason = "the table of the message decides")]
        pub fn new($( $arg: impl Into<$arg_ty> ),*) -> Self {
            Self {
                $( $arg: $arg.into(), )*
                $( $rest: Default::default(), )*
                unknown: $crate::wire::Unknown::default(),
                $( beside: { let _ = $outer; $crate::wire::Unknown::default() }, )?
            }
        }
    };
    (@new [$($args:tt)*] [$($rest:ident)*] $outer:tt ($field:ident req $ty:ty) $($more:tt)*) => {
        $crate::wire::record!(@new [$($args)* ($field $ty)] [$($rest)*] $outer $($more)*);
    };
    (@new [$($args:tt)*] [$($rest:ident)*] $outer:tt ($field:ident $mode:ident $ty:ty) $($more:tt)*) => {
        $crate::wire::record!(@new [$($args)*] [$($rest)* $field] $outer $($more)*);
    };

    (@outer_read $input:ident $name:ident [] $fields:tt) => {
        $crate::wire::record!(@read $input $name $fields)
    };
    (@outer_read $input:ident $name:ident [$outer:literal] $fields:tt) => {{
        let start = $input.reader.value_offset();
        $input.reader.begin_object().map_err($crate::wire::Fail::from)?;
        let mut inner: Option<Self> = None;
        let mut beside = $crate::wire::Unknown::default();
        loop {
            let at = $input.reader.value_offset();
            let Some(name) = $input.reader.next_member().map_err($crate::wire::Fail::from)? else { break };
            if &*name == $outer {
                if inner.is_some() {
                    return Err(slp_model::json::Fault::duplicate(at, $outer).into());
                }
                let read = |$input: &mut $crate::wire::In<'_, '_>| -> Result<Self, $crate::wire::Fail> {
                    $crate::wire::record!(@read $input $name $fields beside)
                };
                inner = Some(read($input).map_err(|fail| fail.in_member($outer))?);
            } else {
                beside.read(name, at, $input)?;
            }
        }
        let mut whole = inner.ok_or_else(|| $crate::wire::Fail::missing(start, $outer))?;
        whole.beside = beside;
        Ok(whole)
    }};

    (@read $input:ident $name:ident [$( ($field:ident $mode:ident $ty:ty, $wire:literal) )+] $($beside:ident)?) => {{
        let start = $input.reader.value_offset();
        $input.reader.begin_object().map_err($crate::wire::Fail::from)?;
        $( let mut $field: Option<$crate::wire::record!(@ty $mode $ty)> = None; )+
        let mut unknown = $crate::wire::Unknown::default();
        loop {
            let at = $input.reader.value_offset();
            let Some(name) = $input.reader.next_member().map_err($crate::wire::Fail::from)? else { break };
            match &*name {
                $(
                    $wire => {
                        if $field.is_some() {
                            return Err(slp_model::json::Fault::duplicate(at, $wire).into());
                        }
                        let value = $crate::wire::record!(@value $mode $ty, $input);
                        $field = Some(value.map_err(|fail: $crate::wire::Fail| fail.in_member($wire))?);
                    }
                )+
                _ => unknown.read(name, at, $input)?,
            }
        }
        Ok($name {
            $( $field: $crate::wire::record!(@absent $mode $field start $wire), )+
            unknown,
            $( $beside: $crate::wire::Unknown::default(), )?
        })
    }};

    (@value req $ty:ty, $input:ident) => { <$ty as $crate::wire::Wire>::read($input) };
    (@value or_default $ty:ty, $input:ident) => {
        $crate::wire::nullable::<$ty>($input).map(Option::unwrap_or_default)
    };
    (@value opt $ty:ty, $input:ident) => { $crate::wire::nullable::<$ty>($input) };
    (@value null $ty:ty, $input:ident) => { $crate::wire::nullable::<$ty>($input) };
    (@value said $ty:ty, $input:ident) => { $crate::wire::said($input) };
    (@value said_null $ty:ty, $input:ident) => { $crate::wire::said($input) };
    (@value list $ty:ty, $input:ident) => {
        $crate::wire::nullable::<Vec<$ty>>($input).map(Option::unwrap_or_default)
    };
    (@value some $ty:ty, $input:ident) => { $crate::wire::record!(@value list $ty, $input) };
    (@value quoted $ty:ty, $input:ident) => { $crate::wire::nullable::<$ty>($input) };

    (@absent req $field:ident $start:ident $wire:literal) => {
        $field.ok_or_else(|| $crate::wire::Fail::missing($start, $wire))?
    };
    (@absent $mode:ident $field:ident $start:ident $wire:literal) => {{
        let _ = $start;
        $field.unwrap_or_default()
    }};

    (@write opt $out:ident $first:ident ($value:expr) $wire:literal) => {
        if let Some(value) = $value {
            $out.member(&mut $first, $wire);
            $crate::wire::Wire::write(value, $out);
        }
    };
    (@write said $out:ident $first:ident ($value:expr) $wire:literal) => {
        $crate::wire::record!(@write opt $out $first ($value) $wire)
    };
    (@write some $out:ident $first:ident ($value:expr) $wire:literal) => {
        if !$value.is_empty() {
            $out.member(&mut $first, $wire);
            $crate::wire::Wire::write($value, $out);
        }
    };
    (@write quoted $out:ident $first:ident ($value:expr) $wire:literal) => {
        if let Some(value) = $value {
            $out.member(&mut $first, $wire);
            $out.text.push('"');
            $crate::wire::Wire::write(value, $out);
            $out.text.push('"');
        }
    };
    (@write null $out:ident $first:ident ($value:expr) $wire:literal) => {
        $out.member(&mut $first, $wire);
        match $value {
            Some(value) => $crate::wire::Wire::write(value, $out),
            None => $out.text.push_str("null"),
        }
    };
    (@write said_null $out:ident $first:ident ($value:expr) $wire:literal) => {
        $crate::wire::record!(@write null $out $first ($value) $wire)
    };
    (@write $mode:ident $out:ident $first:ident ($value:expr) $wire:literal) => {
        $out.member(&mut $first, $wire);
        $crate::wire::Wire::write($value, $out);
    };
}
pub(crate) use record;

/// Declares open enums of the wire: strings, of which new ones may appear.
macro_rules! words {
    ($($name:ident),+ $(,)?) => {$(
        impl $crate::wire::Wire for $name {
            fn read(input: &mut $crate::wire::In<'_, '_>) -> Result<Self, $crate::wire::Fail> {
                Ok(Self::from(&*input.reader.string().map_err($crate::wire::Fail::from)?))
            }

            fn write(&self, out: &mut $crate::wire::Out) {
                out.string(self.as_str());
            }
        }
    )+};
}
pub(crate) use words;
