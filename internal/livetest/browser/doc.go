// Package browser drives a site with sessions by a real browser, Debian's Chromium.
package browser
