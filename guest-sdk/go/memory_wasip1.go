package reentry

import "unsafe"

// Values of the contract as they lie in memory, by the canonical ABI. Pointers of Go take eight bytes, those of the contract
// four, so that structs of Go cannot have its layout: fields are read and written by their offsets.
type place uintptr

// live keeps what only the host points at from the collector, until the call is over.
var live = map[place][]uint64{}

func allocate(size uint32) place {
	// Words of eight bytes, the largest alignment that the contract asks for.
	words := make([]uint64, size/8+1)
	at := place(unsafe.Pointer(&words[0]))
	live[at] = words
	return at
}

func (at place) pointer(offset uint32) unsafe.Pointer {
	return unsafe.Pointer(uintptr(at) + uintptr(offset))
}

func (at place) u8(offset uint32) uint8   { return *(*uint8)(at.pointer(offset)) }
func (at place) u32(offset uint32) uint32 { return *(*uint32)(at.pointer(offset)) }
func (at place) u64(offset uint32) uint64 { return *(*uint64)(at.pointer(offset)) }

// place reads an address.
func (at place) place(offset uint32) place { return place(at.u32(offset)) }

// text reads a string without copying it: the string keeps what it points to from the collector.
func (at place) text(offset uint32) string {
	length := at.u32(offset + 4)
	if length == 0 {
		return ""
	}
	return unsafe.String((*byte)(at.place(offset).pointer(0)), length)
}

// maybe reads an optional string; "" if there is none.
func (at place) maybe(offset uint32) string {
	if at.u8(offset) == 0 {
		return ""
	}
	return at.text(offset + 4)
}

func (at place) putU8(offset uint32, value uint8)    { *(*uint8)(at.pointer(offset)) = value }
func (at place) putU32(offset uint32, value uint32)  { *(*uint32)(at.pointer(offset)) = value }
func (at place) putU64(offset uint32, value uint64)  { *(*uint64)(at.pointer(offset)) = value }
func (at place) putF64(offset uint32, value float64) { *(*float64)(at.pointer(offset)) = value }

func (at place) putText(offset uint32, text string) {
	if text == "" {
		at.putU32(offset, 1)
		at.putU32(offset+4, 0)
		return
	}
	to := allocate(uint32(len(text)))
	copy(unsafe.Slice((*byte)(to.pointer(0)), len(text)), text)
	at.putU32(offset, uint32(to))
	at.putU32(offset+4, uint32(len(text)))
}

// putMaybe writes an optional string; "" is none.
func (at place) putMaybe(offset uint32, text string) {
	if text != "" {
		at.putU8(offset, 1)
		at.putText(offset+4, text)
	}
}

// putTime writes an optional number of milliseconds; 0 is none.
func (at place) putTime(offset uint32, ms uint64) {
	if ms != 0 {
		at.putU8(offset, 1)
		at.putU64(offset+8, ms)
	}
}

// lend gives address and length of a string, for a call that reads it.
func lend(text string) (*byte, uint32) {
	return unsafe.StringData(text), uint32(len(text))
}

//go:wasmexport cabi_realloc
func reallocate(old uint32, oldSize, alignment, size uint32) uint32 {
	if size == 0 {
		return alignment
	}
	to := allocate(size)
	if oldSize > 0 {
		copy(live[to], live[place(old)])
		delete(live, place(old))
	}
	return uint32(to)
}
