package codectest

import (
	"fmt"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// checkPick reports what a [codec.Picker] may not do: find another entry than is there,
// or another value, or change data. v is what Decode has made of data.
func checkPick(c codec.Codec, data []byte, v perl.Value) error {
	p, isPicker := c.(codec.Picker)
	root := v.Hash()
	if !isPicker || root == nil {
		return nil
	}
	keys := []string{"none such"}
	for k := range root.All() {
		keys = append(keys, k.String())
	}
	h, ok := p.Pick(data, codec.Limits{}, keys)
	if !ok {
		// One at a time, at least the plain ones may come.
		for _, key := range keys {
			if h, ok := p.Pick(data, codec.Limits{}, []string{key}); ok {
				if err := samePick(data, root, h, []string{key}); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return samePick(data, root, h, keys)
}

func samePick(data []byte, root, picked *perl.Hash, keys []string) error {
	for _, key := range keys {
		want, there := root.Get(key)
		got, found := picked.Get(key)
		if there != found || !perl.Equal(want, got) {
			return fmt.Errorf("Pick(%s) has %q: %v %s\nDecode: %v %s", brief(data), key, found, format(got, true), there, format(want, true))
		}
	}
	for k := range picked.All() {
		if _, there := root.Get(k.String()); !there {
			return fmt.Errorf("Pick(%s) has %q, Decode has not", brief(data), k.String())
		}
	}
	return nil
}
