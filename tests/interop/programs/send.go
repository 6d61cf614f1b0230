// send.go: one letter by net/smtp, on the connection that the settings make and log in on.
package main

import (
	"crypto/tls"
	"fmt"
	"net/smtp"
	"os"
)

func send() error {
	// SETTINGS
	if err != nil {
		return err
	}
	if err = c.Mail(os.Getenv("SENDER")); err != nil {
		return err
	}
	if err = c.Rcpt(os.Getenv("RECIPIENT")); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "From: %s\r\nTo: %s\r\nSubject: %s\r\nX-Packetboat-Program: %s\r\n\r\nSent by Go.\r\n",
		os.Getenv("SENDER"), os.Getenv("RECIPIENT"), os.Getenv("SUBJECT"), os.Getenv("PROGRAM"))
	if err = w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

func main() {
	if err := send(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
