package sessionhttp

// CookieValues is cookieValues, for its tests.
var CookieValues = cookieValues
