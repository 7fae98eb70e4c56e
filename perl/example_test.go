package perl_test

import (
	"fmt"

	"github.com/go-datasession/datasession/perl"
)

// A thing that is referred to twice is one thing, whoever changes it.
func Example() {
	cart := &perl.Hash{}
	perl.Bless(cart, "Cart")
	session := &perl.Hash{}
	session.Set("cart", perl.NewRef(cart))
	session.Set("last", perl.NewRef(cart)) // one cart, two parameters

	cart.Set("owner", perl.String("ann"))
	last, _ := session.Get("last")
	owner, _ := last.Hash().Get("owner")
	fmt.Println(last, owner)
	// Output: Cart=HASH ann
}

func ExampleFromGo() {
	type item struct {
		SKU   string `session:"sku"`
		Count int    `session:"count"`
	}
	v, err := perl.FromGo([]item{{"tea", 2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for key, elem := range v.Array().At(0).Hash().Sorted() {
		fmt.Println(key, elem)
	}
	_, err = perl.FromGo(map[string]any{"cart": []any{1, func() {}}})
	fmt.Println(err)
	// Output:
	// count 2
	// sku tea
	// $->{cart}[1]: func() cannot be stored
}

func ExampleDecode() {
	// Perl has numbers in strings, times in seconds, and objects.
	cart := &perl.Hash{}
	perl.Bless(cart, "Cart")
	cart.Set("total", perl.Bytes("12.50"))
	cart.Set("items", perl.NewRef(perl.NewArray(perl.Bytes("2"), perl.Int(3))))

	var c struct {
		Total float64 `session:"total"`
		Items []int   `session:"items"`
	}
	if err := perl.Decode(perl.NewRef(cart), &c); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Total, c.Items)

	var n int
	fmt.Println(perl.Decode(perl.Bytes("12.50"), &n))
	// Output:
	// 12.5 [2 3]
	// $: want int, found a number with a fraction
}

// A Go copy shows neither class nor kinds of strings; they survive a change of it.
func ExamplePatch() {
	cart := &perl.Hash{}
	perl.Bless(cart, "Cart")
	cart.Set("count", perl.Bytes("2"))
	cart.Set("note", perl.Bytes("caf\xC3\xA9"))
	stored := perl.NewRef(cart)

	var c struct {
		Count int    `session:"count"`
		Note  string `session:"note"`
	}
	if err := perl.Decode(stored, &c); err != nil {
		fmt.Println(err)
		return
	}
	from, _ := perl.FromGo(c)
	c.Count++
	to, _ := perl.FromGo(c)

	stored = perl.Patch(stored, from, to)
	fmt.Println(stored)
	for key, elem := range stored.Hash().Sorted() {
		fmt.Println(key, elem.Kind(), elem)
	}
	// Output:
	// Cart=HASH
	// count integer 3
	// note bytes café
}
