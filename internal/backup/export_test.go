package backup

// NewFile is New with another way of linking.
var NewFile = newFile
