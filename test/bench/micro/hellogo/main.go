// Hellogo is the smallest useful Go program: its run time is start-up time.
package main

import "fmt"

func main() {
	fmt.Println("hello")
}
